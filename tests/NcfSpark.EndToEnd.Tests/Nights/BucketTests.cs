using System.Diagnostics;
using System.Text.Json.Nodes;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>Nights of drivers that have nothing but the program and a bucket. How they end when they are killed: BucketNightsTests of the Jobs.</summary>
[Trait("Category", "Slow")]
public sealed class BucketTests : IDisposable
{
    private const string Run = BucketDrivers.Run;

    private readonly BucketDrivers bucket = new();

    public void Dispose() => bucket.Dispose();

    [Fact]
    public void AWholeNightOnMovieLensHasTheBytesOfALocalOne()
    {
        using var local = new RunDirectory();
        string[] night =
        [
            "nightly", "--config", Path.Combine(NcfSparkProcess.Repository, "conf/ml-latest-small.json"), "--set", $"Nightly:Night={RunDirectory.Night}",
            "--set", $"Input:Path={Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/ratings.csv")}",
            "--set", $"Input:TitlesPath={Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/movies.csv")}", "--set", "Train:Epochs=3",
        ];
        NcfSparkProcess.RunWell([.. night, "--run", local.Path]);
        string output = bucket.RunWell([.. night, "--run", Run]);
        Assert.Contains($"in production: {RunDirectory.Night} → {Run}/current", output, StringComparison.Ordinal);
        CheckPredictions(local.Served("predictions"));

        Assert.Contains("Recommended", bucket.RunWell("show", "42", "--run", Run), StringComparison.Ordinal);
    }

    /// <summary>The first would train for hours.</summary>
    [Fact]
    public void OfTwoNightsAtOnceTheSecondEndsWithExitCode2()
    {
        string[] night =
        [
            "nightly", .. SmallLog.Settings(SmallLog.Write(bucket.Folder)),
            "--set", "Train:Epochs=100000", "--set", "Train:Patience=0", "--set", "Storage:LeaseSeconds=120",
        ];
        using Process first = bucket.Start([.. night, "--run", Run]);
        try
        {
            string manifest = $"{BucketDrivers.Prefix}{RunDirectory.Night}/prepared/manifest.json";
            Assert.True(OwnProcesses.Eventually(() => bucket.Objects[manifest] is not null, TimeSpan.FromMinutes(5)));
            (int code, string output, string error) = BucketDrivers.Wait(bucket.Start([.. night, "--run", Run]));
            Assert.True(code == 2, output + error);
            Assert.Contains($"process {first.Id} on {Environment.MachineName}", error, StringComparison.Ordinal);
        }
        finally
        {
            first.Kill();
            first.WaitForExit();
        }
    }

    [Fact]
    public async Task ServeFollowsProductionInTheBucket()
    {
        string[] night = ["nightly", .. SmallLog.Settings(SmallLog.Write(bucket.Folder)), "--set", "Nightly:Gate=false", "--run", Run];
        bucket.RunWell(night);
        using Process process = bucket.Start("serve", "--run", Run, "--port", "0");
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string first = await process.StandardOutput.ReadLineAsync() ?? await error;
            Assert.StartsWith($"serving {RunDirectory.Night} of {Run} at http://127.0.0.1:", first, StringComparison.Ordinal);
            using var client = new HttpClient { BaseAddress = new Uri(first.Split(' ')[^1]) };
            bucket.RunWell([.. night, "--set", "Nightly:Night=2026-11-02", "--set", "Train:Seed=2"]);
            while (true)
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri("/v1/users/1/recommendations", UriKind.Relative));
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
                if (answer.Headers.GetValues("NcfSpark-Night").Single() == "2026-11-02") break;
                await Task.Delay(100);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private void CheckPredictions(string local)
    {
        JsonNode current = bucket.Current;
        Assert.Equal(RunDirectory.Night, current["night"]!.GetValue<string>());
        string prefix = $"{BucketDrivers.Prefix}{current["predictions"]!.GetValue<string>()}";
        foreach (string file in Directory.GetFiles(local, "*.parquet", SearchOption.AllDirectories))
        {
            Assert.Equal(File.ReadAllBytes(file), bucket.Objects[prefix + Path.GetRelativePath(local, file).Replace('\\', '/')]);
        }
    }
}
