using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using NcfSpark.Core;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

/// <summary>A run in a bucket: what is published, who may, and who is stopped. Leases run by clocks of the tests.</summary>
public sealed class BucketRunTests : IDisposable
{
    private const string Night = "2026-11-01";
    private static readonly TimeSpan lease = TimeSpan.FromHours(1);

    private readonly Hooked answers = new();
    private readonly TemporaryStore store;
    private readonly List<BucketRun> opened = [];
    private int drivers;

    public BucketRunTests() => store = new TemporaryStore(answers);

    private S3Objects Objects => answers.Objects;

    public void Dispose()
    {
        foreach (BucketRun run in opened) run.Dispose();
        store.Dispose();
    }

    [Fact]
    public void AStageIsThereForOthersOnceItsManifestIs()
    {
        BucketRun writer = Open();
        using (StageWriter stage = Begin(writer, "first"))
        {
            Assert.False(IsThere(Open(writes: false), "model"));
            stage.Publish(Manifest("first"));
        }

        BucketRun reader = Open(writes: false);
        StageDirectory found = StageDirectory.Open(Path.Combine(reader.Directory, Night), "model");
        Assert.Equal("first", File.ReadAllText(found.File("part=1/weights")));
        using (StageWriter stage = Begin(writer, "second")) stage.Publish(Manifest("second"));
        Assert.Equal("second", File.ReadAllText(StageDirectory.Open(Path.Combine(Open(writes: false).Directory, Night), "model").File("part=1/weights")));
        Assert.Equal(2, store.Keys.Count(key => key.Contains("/model/", StringComparison.Ordinal))); // the manifest and its file: nothing of the first
    }

    [Fact]
    public void APublicationThatWasCutOffIsNotThereAndSendsOnlyTheRestAgain()
    {
        string cache = NewCache();
        BucketRun writer = Open(cache: cache);
        string record = Path.Combine(writer.Directory, Night, "night.json");
        Directory.CreateDirectory(Path.GetDirectoryName(record)!);
        File.WriteAllText(record, "{}");
        writer.Save(record);
        using (StageWriter stage = Begin(writer, "first"))
        {
            store.Server.Fail(S3Fault.AccessDenied, request => IsPut(request, "manifest.json"));
            Assert.Throws<InvalidInputException>(() => stage.Publish(Manifest("first")));
        }

        Assert.False(IsThere(Open(writes: false), "model"));
        Close(writer);
        store.Server.MendFaults();
        BucketRun again = Open(cache: cache);
        int before = store.Server.Requests.Count;
        again.Publish(StageDirectory.OpenIfFinished(Path.Combine(again.Directory, Night), "model", "first")!);
        Assert.DoesNotContain(store.Server.Requests.Skip(before), request => IsPut(request, "weights"));
        Assert.True(IsThere(Open(writes: false), "model"));
    }

    [Fact]
    public void BytesThatWereChangedInTheBucketAreToldAndInTheWorkingCopyFetchedAgain()
    {
        BucketRun writer = Open();
        using (StageWriter stage = Begin(writer, "first")) stage.Publish(Manifest("first"));
        BucketRun reader = Open(writes: false);
        string night = Path.Combine(reader.Directory, Night), weights = StageDirectory.Open(night, "model").File("part=1/weights");
        File.WriteAllText(weights, "sirst");
        StageDirectory.Open(night, "model");
        Assert.Equal("first", File.ReadAllText(weights));

        string key = store.Keys.Single(one => one.EndsWith("weights", StringComparison.Ordinal));
        store.Store.Put(new ObjectPlace(S3Server.Bucket, key), "sirst"u8.ToArray());
        string other = Path.Combine(Open(writes: false).Directory, Night);
        Assert.Contains(key, Assert.Throws<InvalidInputException>(() => StageDirectory.Open(other, "model")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherProcessIsRefusedWhileTheHolderRenewsItsLease()
    {
        var holders = new FakeTimeProvider();
        Open(holders);
        var refused = Assert.Throws<InvalidInputException>(() => Open(new FakeTimeProvider(), whenWaiting: () => holders.Advance(lease / 2)));
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatIsLetGoIsFreeAtOnce()
    {
        Close(Open(new FakeTimeProvider()));
        Open(new FakeTimeProvider(), whenWaiting: () => Assert.Fail("It waits."));
    }

    /// <summary>Its clock stands still, so it believes that it holds the run: the conditions of its writes stop it.</summary>
    [Fact]
    public void AHolderThatWasFrozenPastItsLeasePublishesNothing()
    {
        BucketRun frozen = Open(new FakeTimeProvider());
        using StageWriter late = Begin(frozen, "late");
        BucketRun next = TakeOver();
        using (StageWriter stage = Begin(next, "next")) stage.Publish(Manifest("next"));
        next.PutInProduction(Night);
        byte[] current = Objects["nights/a/current"]!;

        Assert.Throws<InvalidInputException>(() => late.Publish(Manifest("late")));
        Assert.Contains("Production is what", Assert.Throws<InvalidInputException>(() => frozen.PutInProduction(Night)).Message, StringComparison.Ordinal);
        Assert.Equal(current, Objects["nights/a/current"]);
        Assert.Equal("next", File.ReadAllText(StageDirectory.Open(Path.Combine(Open(writes: false).Directory, Night), "model").File("part=1/weights")));
    }

    /// <summary>Even where the next holder has only just begun.</summary>
    [Fact]
    public void AHolderThatFreezesJustBeforeItsLastWriteDoesNotChangeProduction()
    {
        BucketRun frozen = Open(new FakeTimeProvider());
        using (StageWriter stage = Begin(frozen, "first")) stage.Publish(Manifest("first"));
        bool taken = false;
        answers.Before = request =>
        {
            if (request != "PUT /shop/nights/a/current" || taken) return;
            taken = true;
            TakeOver(); // between its last look at the lease and its write
        };
        Assert.Throws<InvalidInputException>(() => frozen.PutInProduction(Night));
        Assert.True(taken);
        Assert.DoesNotContain(Night, System.Text.Encoding.UTF8.GetString(Objects["nights/a/current"]!), StringComparison.Ordinal);
    }

    [Fact]
    public void AHolderWhoseClockWentOnIsToldWhoTookItsRun()
    {
        var clock = new FakeTimeProvider();
        BucketRun frozen = Open(clock);
        TakeOver();
        clock.Advance(2 * lease);
        Assert.Contains("taken over", Assert.Throws<InvalidInputException>(() => frozen.PutInProduction(Night)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(S3Conditions.Ignored)]
    [InlineData(S3Conditions.Refused)]
    public void AStoreWithoutConditionsIsRefusedUnlessThereIsOneWriter(S3Conditions conditions)
    {
        Objects.Conditions = conditions;
        Assert.Contains("Nightly:AssumeSingleWriter", Assert.Throws<InvalidInputException>(() => Open()).Message, StringComparison.Ordinal);
        Assert.Empty(store.Keys);
        BucketRun alone = Open(assumesSingleWriter: true);
        using (StageWriter stage = Begin(alone, "first")) stage.Publish(Manifest("first"));
        alone.PutInProduction(Night);
        BucketRun reader = Open(writes: false);
        Assert.Equal(Night, new RunNights(reader.Directory).Production);
    }

    [Fact]
    public void AReaderFollowsProductionWhenItLooks()
    {
        BucketRun reader = Open(writes: false), writer = Open();
        Assert.Null(new RunNights(reader.Directory).Production);
        using (StageWriter stage = Begin(writer, "first")) stage.Publish(Manifest("first"));
        writer.PutInProduction(Night);
        reader.Refresh();
        Assert.Equal(Night, new RunNights(reader.Directory).Production);
        Assert.Equal("first", File.ReadAllText(StageDirectory.Open(Path.Combine(reader.Directory, Night), "model").File("part=1/weights")));
    }

    /// <summary>A listing that lags shows nothing of what was written last.</summary>
    [Fact]
    public void ProductionIsFoundThoughTheListingLags()
    {
        Objects.ListingLags = true;
        BucketRun writer = Open();
        using (StageWriter stage = Begin(writer, "first")) stage.Publish(Manifest("first"));
        writer.PutInProduction(Night);
        Close(writer);
        BucketRun next = Open();
        Assert.Equal("first", File.ReadAllText(StageDirectory.Open(Path.Combine(next.Directory, Night), "model").File("part=1/weights")));
    }

    [Fact]
    public void OtherObjectsOfTheBucketAreLeftAlone()
    {
        store.Store.Put(store.Run.At("clicks.csv"), "1,2\n"u8.ToArray());
        store.Store.Put(store.Run.At("other/manifest.txt"), "1"u8.ToArray());
        BucketRun writer = Open();
        using (StageWriter stage = Begin(writer, "first")) stage.Publish(Manifest("first"));
        new RunNights(writer.Directory).Remove(Night);
        Assert.Equal(["clicks.csv", "other/manifest.txt"],
            store.Keys.Select(key => key["nights/a/".Length..]).Where(key => key is not (".lock" or "current")));
        Assert.False(File.Exists(Path.Combine(writer.Directory, "clicks.csv")));
    }

    private BucketRun TakeOver()
    {
        var clock = new FakeTimeProvider();
        return Open(clock, whenWaiting: () => clock.Advance(2 * lease));
    }

    private BucketRun Open(
        TimeProvider? time = null, bool writes = true, bool assumesSingleWriter = false, string? cache = null, Action? whenWaiting = null)
    {
        var storage = new StorageOptions
        {
            S3Endpoint = store.Server.Endpoint, CacheDirectory = cache ?? NewCache(), LeaseSeconds = lease.TotalSeconds,
        };
        var run = BucketRun.Open(
            store.Client(), store.Run, new BucketRunOptions(storage, writes, assumesSingleWriter, ["night.json"]), time ?? new FakeTimeProvider(),
            new Waiting(whenWaiting), CancellationToken.None);
        opened.Add(run);
        return run;
    }

    private void Close(BucketRun run)
    {
        run.Dispose();
        opened.Remove(run);
    }

    private string NewCache() => store.File($"driver-{++drivers}");

    private static StageWriter Begin(BucketRun run, string content)
    {
        var writer = StageWriter.Begin(Path.Combine(run.Directory, Night), "model");
        Directory.CreateDirectory(writer.File("part=1"));
        File.WriteAllText(writer.File("part=1/weights"), content);
        return writer;
    }

    private static StageManifest Manifest(string fingerprint) =>
        new() { Stage = "model", Fingerprint = fingerprint, MadeFrom = [], Configuration = [], Seed = 1, Rows = [] };

    private static bool IsPut(string request, string name) =>
        request.StartsWith("PUT", StringComparison.Ordinal) && request.Contains($"/{name}", StringComparison.Ordinal);

    private static bool IsThere(BucketRun run, string stage) => Directory.Exists(Path.Combine(run.Directory, Night, stage));

    /// <summary>Objects, and what happens just before a request is answered.</summary>
    private sealed class Hooked : IS3Answers
    {
        public S3Objects Objects { get; } = new();

        public Action<string>? Before { get; set; }

        public Task Answer(HttpContext http)
        {
            Before?.Invoke($"{http.Request.Method} {http.Request.Path}");
            return Objects.Answer(http);
        }

        public void MakeBucket(string name) => Objects.MakeBucket(name);

        public void Dispose() => Objects.Dispose();
    }

    /// <summary>Calls back when somebody says that they wait.</summary>
    private sealed class Waiting(Action? when) : IProgressReporter
    {
        public IProgressTask Start(string title, long total, string unit) => SilentProgress.Instance;

        public void Line(string text) => when?.Invoke();
    }
}
