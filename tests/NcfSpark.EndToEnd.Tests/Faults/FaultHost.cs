using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests.Faults;

/// <summary>
/// The trials of <see cref="FaultTests"/>, in a process with faults.c preloaded: `dotnet NcfSpark.EndToEnd.Tests.dll
/// FOLDER LIBRARY TRIALS SEED`. A trial copies a folder with finished runs, lets one verb run in it with one operation
/// on files failing, looks at what it left, and lets it run again without. Trials share the process, since its start
/// would take most of their time; each verb runs by the program's own entry point.
/// </summary>
internal sealed partial class FaultHost(string folder, string library)
{
    private static readonly (string Name, int Number)[] errors = [("ENOSPC", 28), ("EROFS", 30), ("EACCES", 13), ("EIO", 5)];

    // Most operations are the night's.
    private static readonly string[] turns = ["nightly", "prepare", "train", "nightly", "evaluate", "score", "nightly", "promote",
        "rollback", "status", "tune"];

    private readonly Arm arm = Export<Arm>(library, "fault_arm");
    private readonly Disarm disarm = Export<Disarm>(library, "fault_disarm");
    private readonly TextWriter report = Console.Out;
    private readonly List<string> faults = [];

    private delegate void Arm([MarshalAs(UnmanagedType.LPUTF8Str)] string directory, long at, int error, int goesOn);

    private delegate long Disarm([Out] byte[] text, int size);

    private string Work => Path.Combine(folder, "work");

    private string Template => Path.Combine(folder, "template");

    private string Plain => Path.Combine(Work, "plain");

    private RunNights Nights => new(Path.Combine(Work, "nights"));

    public static int Main(string[] arguments)
    {
        if (arguments is not [var folder, var library, var trials, var seed]) return 64; // the test host does not come this way
        return new FaultHost(folder, library).Run(int.Parse(trials), long.Parse(seed));
    }

    private int Run(int trials, long seed)
    {
        MakeTemplate();
        Case[] cases = [.. Cases()];
        var operations = new long[cases.Length];
        var results = new string[cases.Length];
        for (int c = 0; c < cases.Length; c++)
        {
            Ended ended = Attempt(cases[c], 0, 0, goesOn: false);
            if (ended.Code != 0) throw new InvalidOperationException($"{cases[c].Name} without a fault: exit code {ended.Code}\n{ended.Said}");
            (operations[c], results[c]) = (ended.Operations, cases[c].Result());
            report.WriteLine($"{cases[c].Name}: {operations[c]} operations, {ended.Milliseconds} ms");
        }

        RandomStream chance = RandomStream.Named(seed, "faults");
        var codes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int trial = 0; trial < trials; trial++)
        {
            int c = Array.FindIndex(cases, one => one.Name == turns[trial % turns.Length]);
            (string name, int number) = errors[trial / turns.Length % errors.Length];
            long at = 1 + chance.Below(2 * trial, (int)operations[c]);
            bool goesOn = chance.Unit((2 * trial) + 1) < 0.3; // a disk that is full stays full
            string trialName = $"trial {trial}, {cases[c].Name}, operation {at} of {operations[c]}{(goesOn ? " and all after it" : "")}, {name}";
            report.Write(trialName);
            report.Flush(); // a crash or a hang says where
            Ended ended = Attempt(cases[c], at, number, goesOn);
            report.WriteLine($": exit code {ended.Code} after {ended.Failed}");
            foreach (string fault in Faults(cases[c], ended, number, results[c]))
            {
                faults.Add($"{trialName}: {fault}\n  failed: {ended.Failed}\n  exit code {ended.Code}\n{ended.Said.TrimEnd()}");
            }

            string outcome = $"{name} exit code {ended.Code}";
            codes[outcome] = codes.GetValueOrDefault(outcome) + 1;
        }

        foreach ((string outcome, int count) in codes) report.WriteLine($"{outcome}: {count}");
        foreach (string fault in faults) report.WriteLine($"FAULT {fault}");
        return faults.Count == 0 ? 0 : 1;
    }

    private IEnumerable<string> Faults(Case one, Ended ended, int error, string expected)
    {
        int documented = ended.Failed.Length == 0 ? 0 : error == 5 ? 1 : 2;
        if (ended.Code != 0 && ended.Code != documented) yield return $"exit code {ended.Code}, and {documented} is documented";
        if (StackLine().IsMatch(ended.Said)) yield return "a stack is printed";
        if (ended.Code != 0 && !ended.Said.Contains(folder, StringComparison.Ordinal)) yield return "no file is named";
        foreach (string broken in Broken(one)) yield return broken;

        string? before = Nights.Production;
        Ended again = RunVerb(one.Arguments);
        bool wasDone = one.Puts is { } night && before == night && again.Code == 2; // the pointer had changed when it failed
        if (again.Code != 0 && !wasDone) yield return $"the next run ends with exit code {again.Code}\n{again.Said}";
        else if (one.Result() != expected) yield return "the next run has another result";
        foreach (string broken in Broken(one)) yield return $"after the next run: {broken}";
    }

    // What must hold however a verb ended.
    private IEnumerable<string> Broken(Case one)
    {
        RunHistory history = RunHistory.Read(Nights);
        if (Nights.Production is not { } production) yield return "nothing is in production";
        else if (!history.WasInProduction(production) && !IsWhole(Nights.PathOf(production)))
        {
            yield return $"current names {production}, which the history does not know, and it is not whole";
        }

        foreach (string night in ServedNights)
        {
            if (!Nights.Exists(night) && Nights.Production == LastNight) continue; // pruned
            string was = Digest(Path.Combine(Template, "nights", night), IsOfTheModel), now = Digest(Nights.PathOf(night), IsOfTheModel);
            if (was != now) yield return $"files of {night}, which served, have changed";
        }

        foreach (string stage in new[] { "prepared", "model", "report", "predictions" })
        {
            if (!Directory.Exists(Path.Combine(Plain, stage))) yield return $"plain/{stage} is gone";
            else if (!IsWholeStage(Plain, stage)) yield return $"plain/{stage} is not whole";
        }

        // night.json keeps who approved, and report.html the history: promote and rollback write these.
        bool IsOfTheModel(string file) => file.Contains('/', StringComparison.Ordinal) || one.Puts is null || one.Puts == LastNight;
    }

    private static bool IsWhole(string night) => new[] { "prepared", "model", "report", "refit", "predictions" }.All(stage => IsWholeStage(night, stage));

    private static bool IsWholeStage(string run, string stage)
    {
        try
        {
            StageDirectory.Open(run, stage);
            return true;
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    private Ended Attempt(Case one, long at, int error, bool goesOn)
    {
        Directory.Delete(Work, recursive: true);
        Copy(Template, Work);
        arm(Work, at, error, goesOn ? 1 : 0);
        return RunVerb(one.Arguments);
    }

    private Ended RunVerb(string[] arguments)
    {
        using var said = new StringWriter();
        Console.SetOut(said);
        Console.SetError(said);
        long started = Stopwatch.GetTimestamp();
        int code = AppDomain.CurrentDomain.ExecuteAssembly(NcfSparkProcess.Assembly, arguments);
        byte[] failed = new byte[4400];
        long operations = disarm(failed, failed.Length);
        Console.SetOut(report);
        return new Ended(code, said.ToString(), Encoding.UTF8.GetString(failed.AsSpan(0, failed.IndexOf((byte)0))), operations,
            (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    private const string LastNight = "2026-11-03";

    private static readonly string[] ServedNights = ["2026-11-01", "2026-11-02"];

    private void MakeTemplate()
    {
        Directory.CreateDirectory(Work);
        SmallLog.Write(Path.Combine(Work, "first"), users: 24, items: 20, seed: 1);
        SmallLog.Write(Path.Combine(Work, "second"), users: 24, items: 20, seed: 2);
        SmallLog.Write(Path.Combine(Work, "third"), users: 24, items: 20, seed: 3);
        File.WriteAllText(Path.Combine(Work, "search.json"), """{ "Model": { "EmbeddingSize": [4, 8] } }""");
        File.WriteAllText(Path.Combine(Work, "titles.csv"), "item_id,title\n1,One\n2,Two\n");
        File.WriteAllText(Path.Combine(Work, "run.json"), $$"""
            {
              "Input": { "Path": "{{Work}}/first/log.csv", "TitlesPath": "{{Work}}/titles.csv" },
              "Prepare": { "Holdout": 2, "Validation": true, "TestCandidates": 9, "Threads": 1 },
              "Model": { "EmbeddingSize": 8 },
              "Train": { "Epochs": 2, "BatchSize": 252, "CheckpointMinutes": 0.001, "Threads": 1 },
              "Evaluate": { "BootstrapSamples": 10, "Threads": 1 },
              "Tune": { "Search": "{{Work}}/search.json", "BudgetMinutes": 0.01, "Finalists": 1, "FinalSeeds": 1 },
              "Score": { "SimilarItems": 3, "Threads": 1 },
              "Nightly": { "Gate": false, "Keep": 2, "MaxDrift": 1, "MaxChange": 0 }
            }
            """);
        foreach (string verb in new[] { "prepare", "train", "evaluate", "score" }) Well([verb, .. Of("plain")]);
        Well(["nightly", .. Of("nights"), "--set", "Nightly:Night=2026-11-01"]);
        Well(["nightly", .. Of("nights"), "--set", "Nightly:Night=2026-11-02", "--set", $"Input:Path={Work}/second/log.csv"]);
        Copy(Work, Template);

        void Well(string[] arguments)
        {
            Ended ended = RunVerb(arguments);
            if (ended.Code != 0) throw new InvalidOperationException($"{arguments[0]}: exit code {ended.Code}\n{ended.Said}");
        }
    }

    private string[] Of(string run) => ["--config", Path.Combine(Work, "run.json"), "--run", Path.Combine(Work, run)];

    private IEnumerable<Case> Cases()
    {
        string Stage(string stage) =>
            Digest(Path.Combine(Plain, stage),
                file => file.EndsWith(".parquet", StringComparison.Ordinal) || file.EndsWith(".safetensors", StringComparison.Ordinal))
                + StageDirectory.Open(Plain, stage).Manifest.Fingerprint;
        yield return new("nightly", ["nightly", .. Of("nights"), "--set", $"Nightly:Night={LastNight}", "--set", $"Input:Path={Work}/third/log.csv"], LastNight,
            () => Nights.Production
                + Digest(Path.Combine(Nights.PathOf(LastNight), "predictions"), file => file.EndsWith(".parquet", StringComparison.Ordinal)));
        yield return new("prepare", ["prepare", .. Of("plain"), "--set", "Prepare:Seed=2"], null, () => Stage("prepared"));
        yield return new("train", ["train", .. Of("plain"), "--set", "Train:Seed=2"], null, () => Stage("model"));
        yield return new("evaluate", ["evaluate", .. Of("plain"), "--set", "Evaluate:Seed=2"], null, () => Stage("report"));
        yield return new("score", ["score", .. Of("plain"), "--set", "Score:TopK=5"], null, () => Stage("predictions"));
        yield return new("promote", ["promote", "2026-11-01", .. Of("nights"), "--set", "Nightly:Reason=a test"], "2026-11-01", () => $"{Nights.Production}");
        yield return new("rollback", ["rollback", .. Of("nights"), "--set", "Nightly:Reason=a test"], "2026-11-01", () => $"{Nights.Production}");
        yield return new("status", ["status", .. Of("nights")], null, () => "");
        // What it finds depends on the clock.
        yield return new("tune", ["tune", .. Of("tuned")], null, () => $"{IsWholeStage(Path.Combine(Work, "tuned"), "tune")}");
    }

    private static void Copy(string from, string to)
    {
        using Process copy = Process.Start("cp", ["-a", from, to]);
        copy.WaitForExit();
        if (copy.ExitCode != 0) throw new IOException($"{from} could not be copied to {to}.");
    }

    private static string Digest(string directory, Func<string, bool> counts)
    {
        if (!Directory.Exists(directory)) return "gone";
        IEnumerable<string> files = Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(directory, file))
            .Where(counts).Order(StringComparer.Ordinal);
        return string.Join('\n', files.Select(file => $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(directory, file))))}"));
    }

    private static T Export<T>(string library, string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.Load(library), name));

    [GeneratedRegex(@"^\s*at \S+\(", RegexOptions.Multiline)]
    private static partial Regex StackLine();

    /// <param name="Arguments">What is given to it.</param>
    /// <param name="Puts">The night that it puts into production; null where none.</param>
    /// <param name="Result">What it leaves, in a form that can be compared.</param>
    private sealed record Case(string Name, string[] Arguments, string? Puts, Func<string> Result);

    private sealed record Ended(int Code, string Said, string Failed, long Operations, long Milliseconds);
}
