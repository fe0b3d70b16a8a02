using System.Collections;
using System.Security.Cryptography;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Reporting;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>
/// Nights replayed with mistakes, broken logs, `promote` and `rollback`, and any verb by hand in any night between
/// them, drawn by chance. After each step production is what the history says, and every night that ever served is what
/// it was, byte for byte.
/// </summary>
[Collection(StopSignalsTests.OfThisProcess)]
[Trait("Category", "Slow")]
public sealed class NightReplayTests : IDisposable
{
    private const int Steps = 24, Users = 30, Items = 24;
    private static readonly string[] mistakes =
        ["Input:UserColumn=nobody", "Input:Delimiter=;", "Input:Path=/nowhere/log.csv", "Score:UsersPath=/nowhere/users.csv",
            "Input:TitlesPath=/nowhere/titles.csv", "Nightly:TimeZone=Europe/Berln", "Train:Epochz=3"];

    private readonly TemporaryFolder folder = new();
    private readonly Clock clock = new();
    private readonly RunNights nights;
    private readonly string log;
    private readonly string[] settings;
    private readonly List<string> story = [];
    private readonly List<string> served = []; // the night in production after each change
    private readonly Dictionary<string, SortedDictionary<string, string>> asServed = [];
    private int rows = Users * Items / 2;

    public NightReplayTests()
    {
        nights = new RunNights(Path.Combine(folder.Path, "run"));
        log = Path.Combine(folder.Path, "log.csv");
        settings =
        [
            $"Input:Path={log}", "Input:UserColumn=user_id", "Input:ItemColumn=item_id", "Input:TitlesPath=", "Input:RatingColumn=", "Prepare:Holdout=2",
            "Prepare:TestCandidates=0", "Train:Epochs=1", "Train:BatchSize=512",
            "Evaluate:BootstrapSamples=50", "Evaluate:ExampleUsers=2", "Nightly:Refit=true", "Nightly:MaxDrift=1", "Nightly:MaxNewIds=1", "Nightly:Keep=3",
            "Nightly:TimeZone=Europe/Berlin",
        ];
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ProductionIsWhatHistorySaysItIsWhateverIsRunByHandBetweenNights(long seed)
    {
        RandomStream chance = RandomStream.Named(seed, "nights by hand");
        WriteLog();
        for (int step = 0; step < Steps; step++)
        {
            string? night = nights.Names.Count == 0 ? null : nights.Names[(int)chance.Below(1000 + step, nights.Names.Count)];
            switch (chance.Below(step, 9))
            {
                case 0 or 1 or 2: Tomorrow(refuse: chance.Below(2000 + step, 3) == 0); break;
                case 3: Again(); break;
                case 4: Mistake(mistakes[chance.Below(3000 + step, mistakes.Length)]); break;
                case 5: BrokenLog(); break;
                case 6 when night is not null: Promote(night); break;
                case 7: Rollback(); break;
                case 8 when night is not null: ByHand((int)chance.Below(4000 + step, 4), night, 1 + (int)chance.Below(5000 + step, 2)); break;
                default: Tomorrow(refuse: false); break;
            }

            Check();
        }
    }

    private void Tomorrow(bool refuse)
    {
        (clock.Ahead, rows) = (clock.Ahead + TimeSpan.FromDays(1), rows + 6);
        WriteLog();
        ExitCode code = Run("nightly", nights.Path, refuse ? ["Nightly:Gate=true", "Train:LearningRate=1e-9"] : []);
        Assert.True(code == (refuse ? ExitCode.Refused : ExitCode.Done), Story());
        string night = History().Nights[^1].Night;
        Assert.StartsWith($"{TimeZoneInfo.ConvertTimeBySystemTimeZoneId(clock.GetUtcNow(), "Europe/Berlin"):yyyy-MM-dd}", night, StringComparison.Ordinal);
        if (!refuse) Served(night);
    }

    // The same log and settings as last time: there is a night of it, or there is one now.
    private void Again()
    {
        bool wasThere = asServed.Count > 0;
        ExitCode code = Run("nightly", nights.Path);
        Assert.True(code == ExitCode.Done, Story());
        Assert.Equal(NightOutcome.Production, History().LastRun!.Outcome);
        if (nights.Production is { } now && (served.Count == 0 || served[^1] != now)) Served(now);
        Assert.True(wasThere || asServed.Count == 1, Story());
    }

    private void Mistake(string mistake)
    {
        SortedDictionary<string, string> before = Files(nights.Path);
        Assert.True(Run("nightly", nights.Path, mistake) == ExitCode.InvalidInput, Story());
        Assert.Equal(before, Files(nights.Path));
    }

    // A row without a user. Where these settings have read a log before, the log is at fault, and that is told; mended, the same command makes all well again.
    private void BrokenLog()
    {
        bool isTold = nights.Names.Count > 0;
        SortedDictionary<string, string> before = Files(nights.Path);
        File.AppendAllText(log, ",3,1600000000\n");
        Assert.True(Run("nightly", nights.Path) == ExitCode.InvalidInput, Story());
        if (isTold) Assert.Equal(NightOutcome.Stopped, History().LastRun!.Outcome);
        else Assert.Equal(before, Files(nights.Path));
        WriteLog();
        Again();
    }

    private void Promote(string night)
    {
        bool may = night != nights.Production && (asServed.ContainsKey(night) || IsOfOnePiece(nights.PathOf(night)));
        Assert.True(
            Run("promote", nights.Path, $"Nightly:Night={night}", "Nightly:Reason=by chance") == (may ? ExitCode.Done : ExitCode.InvalidInput), Story());
        if (may) Served(night);
    }

    private void Rollback()
    {
        string? before = served.Count == 0 ? null : served.TakeWhile(night => night != served[^1]).LastOrDefault();
        bool may = before is not null && nights.Exists(before);
        Assert.True(Run("rollback", nights.Path, "Nightly:Reason=by chance") == (may ? ExitCode.Done : ExitCode.InvalidInput), Story());
        if (may) Served(before!);
    }

    private void ByHand(int verb, string night, int seed)
    {
        string name = new[] { "prepare", "train", "evaluate", "score" }[verb];
        string path = night == nights.Production && seed == 2 ? nights.CurrentPath : nights.PathOf(night);
        ExitCode code = Run(name, path, $"Train:Seed={seed}");
        Assert.True(asServed.ContainsKey(night) ? code == ExitCode.InvalidInput : code is ExitCode.Done or ExitCode.InvalidInput, Story());
    }

    private void Check()
    {
        RunHistory history = History();
        Assert.True(nights.Production == (served.Count == 0 ? null : served[^1]), Story());
        if (history.Records.Count > 0) Assert.True(history.Records[^1].Production == nights.Production, Story());
        foreach ((string night, SortedDictionary<string, string> files) in asServed.Where(night => nights.Exists(night.Key)))
        {
            Assert.Equal(files, Files(nights.PathOf(night)));
        }

        using var output = new StringWriter();
        Assert.Equal(ExitCode.Done, Run("status", nights.Path, output, []));
        if (history.LastRun is not { } last) return;
        string said = string.Join(' ', output.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)); // it is wrapped
        Assert.Contains($"{NightWords.Sentence(history, nights.Production)}.", said, StringComparison.Ordinal);
        Assert.Contains($"outcome=\"{last.Outcome}\"}} 1\n", File.ReadAllText(Path.Combine(nights.Path, PrometheusText.FileName)), StringComparison.Ordinal);
    }

    private void Served(string night)
    {
        served.Add(night);
        if (!asServed.ContainsKey(night)) asServed[night] = Files(nights.PathOf(night));
    }

    // The slow twin of what `promote` checks: each stage says which it was made from, and settings are the command's.
    private static bool IsOfOnePiece(string path)
    {
        StageDirectory? Open(string stage) => Directory.Exists(Path.Combine(path, stage)) ? StageDirectory.Open(path, stage) : null;
        (StageDirectory? prepared, StageDirectory? model, StageDirectory? report) = (Open("prepared"), Open("model"), Open("report"));
        if (prepared is null || model is null || report is null) return false;
        bool fits = model.Manifest.Configuration["Train"]["LearningRate"]!.GetValue<double>() > 1e-8 && model.Manifest.Seed == 1;
        return fits && model.Manifest.MadeFrom["prepared"] == prepared.Manifest.Fingerprint
            && report.Manifest.MadeFrom["prepared"] == prepared.Manifest.Fingerprint && report.Manifest.MadeFrom["model"] == model.Manifest.Fingerprint;
    }

    // All but locks, and the pages and what their search finds, which are made again from the rest.
    private static SortedDictionary<string, string> Files(string directory) => new(
        (Directory.Exists(directory) ? Directory.GetFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }) : [])
            .Where(file => Path.GetFileName(file) is not (".lock" or ".lock-holder" or "report.html")
                && Path.GetFileName(Path.GetDirectoryName(file)) is not ("lists" or "lists.tmp" or "lists.old"))
            .ToDictionary(file => Path.GetRelativePath(directory, file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))),
        StringComparer.Ordinal);

    private ExitCode Run(string verb, string run, params string[] more)
    {
        using var output = new StringWriter();
        return Run(verb, run, output, more);
    }

    private ExitCode Run(string verb, string run, StringWriter output, string[] more)
    {
        using var error = new StringWriter();
        using var signals = new StopSignals(SilentProgress.Instance);
        var runner = new JobRunner(new Hashtable(), SilentProgress.Instance, output, error, clock, signals);
        ExitCode code = runner.Run(Verb.All.Single(known => known.Name == verb),
            new JobArguments(Repository.File("conf/ml-latest-small.json"), run, [.. settings, .. more]));
        story.Add($"{verb} --run {Path.GetRelativePath(folder.Path, run)} {string.Join(' ', more)}: {code}. {error.ToString().Trim()}");
        return code;
    }

    private RunHistory History() => RunHistory.Read(nights);

    private string Story() => string.Join('\n', story);

    // Pairs in an order drawn once, a minute apart: a log that grows.
    private void WriteLog()
    {
        RandomStream draws = RandomStream.Named(7, "pairs");
        IEnumerable<int> pairs = Enumerable.Range(0, Users * Items).OrderBy(pair => draws.Unit(pair)).Take(rows);
        File.WriteAllLines(log, pairs.Select((pair, place) => $"{pair / Items},{pair % Items},{1_500_000_000 + 60 * place}")
            .Prepend("user_id,item_id,timestamp"));
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() =>
            new DateTimeOffset(2026, 11, 24, 22, 55, 0, TimeSpan.Zero) + Ahead + TimeSpan.FromTicks(GetTimestamp() % TimeSpan.TicksPerMinute);
    }
}
