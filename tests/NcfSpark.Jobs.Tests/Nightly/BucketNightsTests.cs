using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Storage;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>Nights whose run lives in a bucket, from drivers that have nothing but the program and that bucket.</summary>
[Collection(StopSignalsTests.OfThisProcess)]
public sealed class BucketNightsTests : IDisposable
{
    private readonly BucketNights bucket = new();

    public void Dispose() => bucket.Dispose();

    [Fact]
    public void ANightInABucketHasTheBytesOfALocalOneAndTheNextFindsIt()
    {
        string local = bucket.NewCache();
        bucket.Night("2026-11-01");
        bucket.Night("2026-11-01", local);
        Assert.Equal(FilesOf(Path.Combine(local, "current", "predictions")), bucket.Production()!.Value.Files);
        bucket.CheckProduction();

        bucket.WriteLog(320);
        bucket.Night("2026-11-02", "s3a" + BucketNights.Run[2..] + "/");
        bucket.Night("2026-11-02", local);
        Assert.Equal("2026-11-02", bucket.Production()!.Value.Night);
        Assert.Equal(FilesOf(Path.Combine(local, "current", "predictions")), bucket.Production()!.Value.Files);
        NightRecord[] records = [.. History().Nights];
        Assert.Equal(["2026-11-01", "2026-11-02"], records.Select(record => record.Night));
        Assert.Equal("2026-11-01", records[1].WarmStartedFrom);
        Assert.NotNull(records[1].Figures!.AgainstIncumbent);
        Assert.NotNull(bucket.Objects[$"{BucketNights.Prefix}nights.html"]);
        Assert.NotNull(bucket.Objects[$"{BucketNights.Prefix}2026-11-02/report.html"]);
    }

    /// <summary>By the path that jobs/README.md documents.</summary>
    [Fact]
    public void AReaderThatMayOnlyListAndGetFindsProductionsPredictions()
    {
        string local = bucket.NewCache();
        bucket.Night("2026-11-01");
        bucket.Night("2026-11-01", local);
        bucket.Server.Fail(S3Fault.AccessDenied, request => !request.StartsWith("GET ", StringComparison.Ordinal), int.MaxValue);
        using ObjectStore reader = bucket.Open();
        ObjectPlace run = ObjectPlace.Parse(BucketNights.Run, "the run");
        ObjectPlace predictions = run.At(JsonNode.Parse(reader.Read(run.At("current"))!.Bytes)!["predictions"]!.GetValue<string>());
        Dictionary<string, byte[]> files = reader.List(predictions)
            .ToDictionary(one => one.Place.Key[predictions.Prefix.Length..], one => reader.Read(one.Place)!.Bytes);
        Assert.True(SameBytes(FilesOf(Path.Combine(local, "current", "predictions")), new(files, StringComparer.Ordinal)));
    }

    [Fact]
    public void StatusRollbackAndPromoteWorkOnABucket()
    {
        bucket.Night("2026-11-01");
        bucket.WriteLog(320);
        bucket.Night("2026-11-02");
        Assert.Equal(ExitCode.Done, bucket.Do("rollback", bucket.NewCache(), more: "Nightly:Reason=a look").Code);
        Assert.Equal("2026-11-01", bucket.Production()!.Value.Night);
        bucket.CheckProduction();
        Assert.True(bucket.Do("promote", bucket.NewCache(), more: ["Nightly:Reason=good", "Nightly:Night=2026-11-02"]).Code == ExitCode.Done, bucket.Told);
        Assert.Equal("2026-11-02", bucket.Production()!.Value.Night);
        (ExitCode code, string output, _) = bucket.Do("status", bucket.NewCache());
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("2026-11-02", output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.InvalidInput, bucket.Do("train", bucket.NewCache(), $"{BucketNights.Run}/2026-11-01").Code); // it served
    }

    [Fact]
    public void StagesByHandAreFoundByTheNextDriver()
    {
        string run = $"s3://{S3Server.Bucket}/by-hand";
        foreach (string verb in new[] { "prepare", "train", "evaluate", "score", "score" }) // the last over what is there
        {
            Assert.True(bucket.Do(verb, bucket.NewCache(), run).Code == ExitCode.Done, bucket.Told);
        }

        using ObjectStore objects = bucket.Open();
        string[] names = [.. objects.List(ObjectPlace.Parse($"{run}/predictions", "the place")).Select(one => one.Place.Key)];
        Assert.Equal(2, names.Length); // the manifest and one file: nothing is left of the first
    }

    [Fact]
    public void WhatTuneFindsIsAConfigurationByThePlaceThatItNames()
    {
        string cache = bucket.NewCache(), search = $"{bucket.Log}.search";
        File.WriteAllText(search, """{ "Train:LearningRate": [0.001, 0.002] }""");
        (ExitCode code, string output, _) = bucket.Do(
            "tune", cache, more: [$"Tune:Search={search}", "Tune:BudgetMinutes=0.05", "Tune:Finalists=1", "Tune:FinalSeeds=1"]);
        Assert.True(code == ExitCode.Done, bucket.Told);
        string place = Regex.Match(output, "--config (s3://[^ ]*best.json)").Groups[1].Value;
        Directory.Delete(cache, recursive: true);
        bucket.Configuration = place;
        bucket.Night("2026-11-01", $"{BucketNights.Run}-tuned");
        bucket.Configuration = place.Replace("best", "worst", StringComparison.Ordinal);
        (code, _, string error) = bucket.Do("nightly", bucket.NewCache());
        Assert.Equal((ExitCode.InvalidInput, $"--config {bucket.Configuration} is not there.\n"), (code, error));
    }

    /// <summary>Shares of the requests that the second night makes when nothing cuts it off.</summary>
    [Theory]
    [InlineData(0.1, 0.4)]
    [InlineData(0.6, 0.8)]
    [InlineData(0.9, 0.97)]
    public void ANightThatWasCutOffGoesOnFromAnotherDirectory(double once, double twice)
    {
        SortedDictionary<string, byte[]> whole;
        int requests;
        using (var other = new BucketNights())
        {
            (int begun, whole) = other.TwoNights();
            requests = other.Requests - begun;
        }

        bucket.Night("2026-11-01");
        bucket.WriteLog(320);
        Assert.True(bucket.CutOff("2026-11-02", (int)(requests * once)), bucket.Told);
        bucket.CutOff("2026-11-02", (int)(requests * twice));
        bucket.Night("2026-11-02");
        Assert.Equal(("2026-11-02", true), (bucket.Production()!.Value.Night, SameBytes(whole, bucket.Production()!.Value.Files)));
        bucket.CheckProduction();
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void ANightCutOffAtAnyOfAHundredPointsEndsWithTheSameBytes()
    {
        bucket.Night("2026-11-01");
        bucket.WriteLog(320);
        Dictionary<string, byte[]> first = bucket.All();
        int begun = bucket.Requests;
        bucket.Night("2026-11-02");
        (int requests, SortedDictionary<string, byte[]> whole) = (bucket.Requests - begun, bucket.Production()!.Value.Files);
        RandomStream chance = RandomStream.Named(1, "cuts");
        for (int cut = 0; cut < 100; cut++)
        {
            bucket.Story.Clear();
            bucket.Restore(first);
            Assert.True(bucket.CutOff("2026-11-02", (int)chance.Below(cut, (long)(requests * 0.98))), bucket.Told);
            bucket.Night("2026-11-02");
            Assert.True(SameBytes(whole, bucket.Production()!.Value.Files), bucket.Told);
            bucket.CheckProduction();
        }
    }

    /// <summary>
    /// SIGKILL of a driver, by turns at a request and at a time, both drawn; then another driver ends the night from an empty directory. NCFSPARK_TEST_KILLS
    /// says how often; each takes some seconds.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void ANightWhoseDriverIsKilledAnywhereEndsWithTheSameBytes()
    {
        int kills = int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_KILLS") ?? "4", CultureInfo.InvariantCulture), killed = 0;
        bucket.Night("2026-11-01");
        bucket.WriteLog(320);
        Dictionary<string, byte[]> first = bucket.All();
        int begun = bucket.Requests;
        long started = Stopwatch.GetTimestamp();
        Assert.False(bucket.Kill("2026-11-02", int.MaxValue, default), bucket.Told); // for its time
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        (int requests, SortedDictionary<string, byte[]> whole) = (bucket.Requests - begun, bucket.Production()!.Value.Files);
        Assert.Equal("2026-11-02", bucket.Production()!.Value.Night);
        RandomStream chance = RandomStream.Named(1, "kills");
        for (int kill = 0; kill < kills; kill++)
        {
            bucket.Story.Clear();
            bucket.Restore(first);
            int? request = kill % 2 == 0 ? 1 + (int)chance.Below(kill, requests) : null;
            if (bucket.Kill("2026-11-02", request, took * chance.Unit(kill))) killed++;
            bucket.Night("2026-11-02");
            Assert.True(SameBytes(whole, bucket.Production()!.Value.Files), bucket.Told);
            bucket.CheckProduction();
        }

        // A busy machine is now and then done before its time.
        Assert.True(killed >= kills / 2, $"{killed} of {kills}");
    }

    /// <summary>500, 503, broken connections, lost answers and bodies that end early, of one request in thirty.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Category", "Slow")]
    public void ANightThroughAServerThatFailsNowAndThenHasTheSameBytes(int seed)
    {
        string local = bucket.NewCache();
        bucket.Night("2026-11-01", local);
        bucket.Server.FailAtRandom(seed, 1.0 / 30);
        bucket.Night("2026-11-01");
        bucket.Server.MendFaults();
        Assert.True(SameBytes(FilesOf(Path.Combine(local, "current", "predictions")), bucket.Production()!.Value.Files));
        bucket.CheckProduction();
    }

    private RunHistory History()
    {
        string path = Path.Combine(bucket.NewCache(), RunNights.HistoryName);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bucket.Objects[$"{BucketNights.Prefix}{RunNights.HistoryName}"]!);
        return RunHistory.Read(new RunNights(Path.GetDirectoryName(path)!));
    }

    private static bool SameBytes(SortedDictionary<string, byte[]> one, SortedDictionary<string, byte[]> other) =>
        one.Keys.SequenceEqual(other.Keys) && one.Keys.All(name => one[name].AsSpan().SequenceEqual(other[name]));

    private static SortedDictionary<string, byte[]> FilesOf(string stage) => new(
        Directory.GetFiles(stage, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != StageManifest.FileName)
            .ToDictionary(file => Path.GetRelativePath(stage, file).Replace('\\', '/'), File.ReadAllBytes),
        StringComparer.Ordinal);
}
