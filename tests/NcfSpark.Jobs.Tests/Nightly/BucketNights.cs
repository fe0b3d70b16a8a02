using System.Collections;
using System.Diagnostics;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Storage;
using NcfSpark.Storage.Tests;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>A bucket on a server of the tests, and drivers whose nights run there, each with a cache directory of its own that begins empty.</summary>
internal sealed class BucketNights : IDisposable
{
    public const string Run = $"s3://{S3Server.Bucket}/nights/shop", Prefix = "nights/shop/"; // where tests begin

    private const int Users = 30, Items = 24;
    private readonly TemporaryFolder folder = new();
    private int drivers;

    private readonly TemporaryStore store = new();

    public BucketNights() => WriteLog(300);

    public S3Server Server => store.Server;

    public S3Objects Objects => store.Objects;

    public string Log => Path.Combine(folder.Path, "log.csv");

    /// <summary>--config of all drivers.</summary>
    public string Configuration { get; set; } = Repository.File("conf/ml-latest-small.json");

    /// <summary>What each run said, for a test that fails.</summary>
    public List<string> Story { get; } = [];

    public void Dispose()
    {
        store.Dispose();
        folder.Dispose();
    }

    /// <summary>Pairs in an order drawn once, a minute apart: a log that grows.</summary>
    public void WriteLog(int rows)
    {
        RandomStream draws = RandomStream.Named(7, "pairs");
        IEnumerable<int> pairs = Enumerable.Range(0, Users * Items).OrderBy(pair => draws.Unit(pair)).Take(rows);
        File.WriteAllLines(Log, pairs.Select((pair, place) => $"{pair / Items},{pair % Items},{1_500_000_000 + 60 * place}")
            .Prepend("user_id,item_id,timestamp"));
    }

    public string NewCache() => Path.Combine(folder.Path, $"driver {Interlocked.Increment(ref drivers)}");

    public string[] Settings(string cache, params string[] more) =>
    [
        $"Input:Path={Log}", "Input:UserColumn=user_id", "Input:ItemColumn=item_id", "Input:TitlesPath=", "Input:RatingColumn=", "Prepare:Holdout=2",
        "Prepare:TestCandidates=0", "Prepare:Shards=2", "Train:Epochs=1", "Train:BatchSize=512", "Train:Threads=1", "Evaluate:BootstrapSamples=50",
        "Evaluate:ExampleUsers=2", "Nightly:Gate=false", "Nightly:MaxDrift=1", "Nightly:MaxNewIds=1", "Nightly:MaxChange=5",
        "Nightly:WarmStart=true", $"Storage:S3Endpoint={Server.Endpoint}", $"Storage:CacheDirectory={cache}", "Storage:LeaseSeconds=1", .. more,
    ];

    /// <summary>Runs a verb as a driver with a cache.</summary>
    public (ExitCode Code, string Output, string Error) Do(string verb, string cache, string run = Run, params string[] more)
    {
        using StringWriter output = new(), error = new();
        using var signals = new StopSignals(SilentProgress.Instance);
        var runner = new JobRunner(new Hashtable(), SilentProgress.Instance, output, error, TimeProvider.System, signals);
        ExitCode code = runner.Run(
            Verb.All.Single(known => known.Name == verb), new JobArguments(Configuration, run, Settings(cache, more)));
        Story.Add($"{verb} {string.Join(' ', more)}: {code}\n{output}{error}");
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>A night of a driver with an empty cache, which must go into production.</summary>
    public void Night(string night, string run = Run) => Assert.True(Do("nightly", NewCache(), run, $"Nightly:Night={night}").Code == ExitCode.Done, Told);

    /// <summary>Two nights, the second over a longer log.</summary>
    /// <returns>The requests before the second, and its predictions.</returns>
    public (int Begun, SortedDictionary<string, byte[]> Predictions) TwoNights()
    {
        Night("2026-11-01");
        WriteLog(320);
        int begun = Requests;
        Night("2026-11-02");
        return (begun, Production()!.Value.Files);
    }

    /// <summary>Puts a bucket's run back to what it was.</summary>
    public void Restore(IReadOnlyDictionary<string, byte[]> was)
    {
        using ObjectStore objects = Open();
        ObjectPlace run = ObjectPlace.Parse(Run, "the run");
        objects.Delete(objects.List(run).Select(one => one.Place));
        foreach ((string key, byte[] bytes) in was) objects.Put(run with { Key = key }, bytes);
    }

    /// <summary>All objects of the run.</summary>
    public Dictionary<string, byte[]> All()
    {
        using ObjectStore objects = Open();
        return objects.List(ObjectPlace.Parse(Run, "the run")).ToDictionary(one => one.Place.Key, one => Objects[one.Place.Key]!);
    }

    /// <summary>Requests so far, without renewals of leases, of which a busy machine makes more.</summary>
    public int Requests => Server.Requests.Count(IsCounted);

    /// <summary>A driver with an empty cache that is cut off for good after so many requests, as if it were killed there. Production is whole then.</summary>
    /// <returns>Whether it came that far.</returns>
    public bool CutOff(string night, int after)
    {
        int left = after;
        Server.Fail(S3Fault.AccessDenied, request => (IsCounted(request) ? Interlocked.Decrement(ref left) : left) < 0, times: int.MaxValue);
        Do("nightly", NewCache(), Run, $"Nightly:Night={night}");
        Server.MendFaults();
        CheckProduction();
        return left < 0;
    }

    /// <summary>
    /// A driver in a process and a directory of its own that gets SIGKILL, when it sends a request or after a time. Production is whole then.
    /// </summary>
    /// <param name="after">How many requests; null: by time.</param>
    /// <returns>Whether it was killed before it ended.</returns>
    public bool Kill(string night, int? after, TimeSpan time)
    {
        string home = NewCache();
        Directory.CreateDirectory(home);
        Process? driver = null;
        int left = after ?? int.MaxValue;
        bool isKilled = false;
        void End()
        {
            isKilled = true;
            driver!.Kill();
        }

        Server.Fail(S3Fault.Reset, request =>
        {
            if (!IsCounted(request) || Interlocked.Decrement(ref left) != 0) return false;
            while (Volatile.Read(ref driver) is null) Thread.Yield(); // started, and not known here yet
            End();
            return true;
        });
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), "nightly", "--config",
            Repository.File("conf/ml-latest-small.json"), "--run", Run,
            .. Settings(home, $"Nightly:Night={night}").SelectMany(setting => new[] { "--set", setting })])
        {
            WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach ((string name, string value) in Server.ClientEnvironment) start.Environment[name] = value;
        start.Environment["HOME"] = home;
        Volatile.Write(ref driver, Process.Start(start));
        Task<string> output = driver!.StandardOutput.ReadToEndAsync(), error = driver.StandardError.ReadToEndAsync();
        if (after is null && !driver.WaitForExit(time)) End();
        driver.WaitForExit();
        Story.Add($"killed: {isKilled}, {driver.ExitCode}\n{output.GetAwaiter().GetResult()}{error.GetAwaiter().GetResult()}");
        driver.Dispose();
        Server.MendFaults();
        CheckProduction();
        return isKilled;
    }

    private static bool IsCounted(string request) => !request.EndsWith("/.lock", StringComparison.Ordinal);

    public string Told => string.Join('\n', Story);

    public ObjectStore Open() => new(new StorageOptions { S3Endpoint = Server.Endpoint });

    /// <summary>What a reader finds who follows `current`, and can only list and get: the night, and its predictions by name; null: none.</summary>
    public (string Night, SortedDictionary<string, byte[]> Files)? Production()
    {
        using ObjectStore objects = Open();
        if (Objects[$"{Prefix}current"] is not { } current || JsonNode.Parse(current)!["night"]?.GetValue<string>() is not { } night) return null;
        string predictions = JsonNode.Parse(current)!["predictions"]!.GetValue<string>();
        ObjectPlace place = ObjectPlace.Parse($"{Run}/{predictions}", "the place");
        IReadOnlyList<StoredObject> files = objects.List(place);
        return (night, new(files.ToDictionary(one => one.Place.Key[place.Prefix.Length..], one => Objects[one.Place.Key]!), StringComparer.Ordinal));
    }

    /// <summary>Checks that production is a whole night that was approved: every file of every stage is there, as the manifests say.</summary>
    public void CheckProduction()
    {
        if (Production() is not { } production) return;
        string cache = NewCache();
        var options = new BucketRunOptions(
            new StorageOptions { S3Endpoint = Server.Endpoint, CacheDirectory = cache }, Writes: false, AssumesSingleWriter: false,
            [RunNights.HistoryName, NightPages.StateName]);
        using var run = BucketRun.Open(
            Open(), ObjectPlace.Parse(Run, "--run"), options, TimeProvider.System, SilentProgress.Instance, CancellationToken.None);
        var nights = new RunNights(run.Directory);
        Assert.Equal(production.Night, nights.Production);
        NightDirectory.CheckWhole(nights, RunHistory.Read(nights), production.Night);
        Assert.NotNull(NightState.Read(nights, production.Night)!.Approval);
    }
}
