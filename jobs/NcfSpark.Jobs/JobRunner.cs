using System.Collections;
using System.Text.RegularExpressions;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.MicrosoftSpark;
using NcfSpark.Jobs.Progress;
using NcfSpark.Jobs.Verbs;
using NcfSpark.Nightly;
using NcfSpark.Preparation;
using NcfSpark.Storage;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs;

/// <summary>Runs a verb: resolves its configuration, locks its run directory, and turns what goes wrong into a message and an exit code.</summary>
internal sealed partial class JobRunner(
    IDictionary environment, IProgressReporter progress, TextWriter output, TextWriter error, TimeProvider time, StopSignals signals)
{
    private static readonly string[] StageVerbs = [PrepareVerb.Verb.Name, TrainVerb.Verb.Name, EvaluateVerb.Verb.Name, ScoreVerb.Verb.Name];

    public ExitCode Run(Verb verb, JobArguments arguments)
    {
        using FetchedInputs fetched = FetchedInputs.Begin(progress, time, signals.Token);
        try
        {
            arguments.RefuseEmpty();
            using EngineSource engine = verb.RunsSql ? arguments.Engine.Source(environment) : new EngineSource(EngineSource.DuckDb);
            bool isFetched = arguments.Config is { } given && ObjectPlace.IsMeant(given);
            if (isFetched || arguments.Log is not null) fetched.Options = ConfigurationLoader.Storage(arguments.Set, environment);
            if (isFetched) arguments = arguments with { Config = fetched.File(arguments.Config!, "--config") };
            using RunPlace? mounted = Mount(verb, arguments, engine);
            if (mounted is not null) arguments = arguments with { Run = mounted.Directory };
            bool isKeptNow = arguments.Log is not null && !IsTuned(verb, arguments) && !File.Exists(KeptConfiguration.PathIn(RunOf(arguments)));
            string? path = ConfigurationOf(verb, arguments);
            NcfSparkConfiguration configuration = ConfigurationLoader.Load(path, arguments.Set, environment);
            fetched.Options = configuration.Storage;
            fetched.OfLogs = !verb.RunsSql || arguments.Engine.Resolve(environment) == EngineArguments.DuckDb;
            UntimedSettings.Refuse(verb.Sections, configuration);
            string runDirectory = RunOf(arguments);
            bool elsewhere = InputPlace.HasScheme(runDirectory);
            if (elsewhere) CheckElsewhere(verb, arguments.Engine, runDirectory);
            bool measuresShown = verb.TakesShown && configuration.Evaluate.ShownPath.Length > 0; // of nights in production, too
            if (!verb.OnlyLooks && !measuresShown) ProductionRule.CheckMayWrite(verb.Name, runDirectory); // before a lock file is written there
            if (verb.RunsSql && arguments.Engine.Resolve(environment) == EngineArguments.MicrosoftSpark)
            {
                if (!DotnetRunner.IsParent(environment)) return Launch(verb, arguments.Engine, configuration);
                DotnetRunner.Attach(environment);
            }

            bool isHeld = elsewhere || mounted is not null; // elsewhere, each attempt writes a version of its own
            using RunLock? runLock = isHeld || verb.OnlyLooks ? null : RunLock.Take(runDirectory, time);
            var job = new JobContext(configuration, runDirectory, progress, output, time, signals.Token)
            {
                Engine = engine,
                ConfigurationFile = path,
                CheckMayWrite = directory => ProductionRule.CheckMayWrite(verb.Name, directory),
            };
            if (IsTuned(verb, arguments))
            {
                path = TunedRun.Search(job);
                if (verb == TuneVerb.Verb) return ExitCode.Done;
                job = job with { ConfigurationFile = path, Configuration = ConfigurationLoader.Load(path, arguments.Set, environment) };
            }

            try
            {
                ExitCode code = verb.Run(job);
                return verb.OnlyLooks && output is ConsoleText { Failure: not null } ? ExitCode.InvalidInput : code; // its output is all that it makes
            }
            catch (Exception refused) when (isKeptNow && refused is InvalidInputException or SqlEngineException { InputAtFault: true })
            {
                KeptConfiguration.Forget(runDirectory);
                throw;
            }
        }
        catch (OperationCanceledException) when (signals.Received is not null)
        {
            error.WriteLine("stopped; the same command again goes on from here");
            return signals.Received.Value;
        }
#pragma warning disable CA1031 // every other failure becomes a message and an exit code
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return Failure.Tell(failure, verb.Name, Told, error);
        }

        // Files by the names that were given, and other stages by their commands.
        string Told(string message)
        {
            string named = fetched.Named(message);
            return StageVerbs.Contains(verb.Name) ? StageToRun().Replace(named, stage => $"`{arguments.CommandOf(stage.Groups[1].Value)}`") : named;
        }
    }

    // A run in object storage, held for this process where the verb writes; null for any other. With Microsoft.Spark another process runs the verb.
    private RunPlace? Mount(Verb verb, JobArguments arguments, EngineSource source)
    {
        if (arguments.Run is not { } run || !ObjectPlace.IsMeant(run)) return null;
        string engine = verb.RunsSql ? arguments.Engine.Resolve(environment) : EngineArguments.DuckDb;
        bool launches = engine == EngineArguments.MicrosoftSpark && !DotnetRunner.IsParent(environment);
        NcfSparkConfiguration settings = ConfigurationLoader.Load(arguments.Config, arguments.Set, environment);
        return RunPlace.Open(run, settings, writes: !verb.OnlyLooks && !launches, time, progress, source.IsHere, signals.Token);
    }

    // The file of settings: --config, or the one that the run directory keeps, which --input lets be made. Null where the verb needs none.
    private string? ConfigurationOf(Verb verb, JobArguments arguments)
    {
        if (arguments.Tune is not null && arguments.Log is null && verb != TuneVerb.Verb)
        {
            throw new InvalidInputException("--tune searches the settings of a log: add --input LOG. For a configuration of your own, "
                + "`tune` with --config writes a better one, tune/best.json.");
        }

        if (arguments.Log is null)
        {
            if (arguments.Config is null && (verb.NeedsNoConfiguration || arguments.Run is not null))
            {
                string kept = Path.Combine(RunOf(arguments), KeptConfiguration.FileName);
                if (File.Exists(kept)) return kept;
                if (verb.NeedsNoConfiguration) return null;
            }

            string log = verb.TakesLog ? ", or --input LOG, which looks at a log and chooses the settings" : "";
            return arguments.Config ?? throw new InvalidInputException($"{verb.Name} needs --config conf/NAME.json{log}.{SettingsFile.Offer("conf")}");
        }

        if (arguments.Config is not null)
        {
            throw new InvalidInputException("--config and --input are both given: a configuration names its log (Input:Path). Leave one out.");
        }

        ProductionRule.CheckMayWrite(verb.Name, RunOf(arguments));
        return IsTuned(verb, arguments)
            ? TunedRun.Begin(arguments.Log, RunOf(arguments), Check, progress, output)
            : KeptConfiguration.Of(arguments.Log, RunOf(arguments), Check, progress, output);

        // With what the command line and the environment set, before a file of it is kept.
        void Check(string file) => UntimedSettings.Refuse(verb.Sections, ConfigurationLoader.Load(file, arguments.Set, environment));
    }

    private static bool IsTuned(Verb verb, JobArguments arguments) => arguments.Log is not null && (verb == TuneVerb.Verb || arguments.Tune is not null);

    private static string RunOf(JobArguments arguments) =>
        arguments.Run
        ?? (arguments.Log is { } log ? KeptConfiguration.RunDirectoryOf(log)
            : arguments.Config is { } config ? Path.Combine("runs", Path.GetFileNameWithoutExtension(config))
            : ShowJob.OnlyRun());

    // After a signal, the exit code of that signal, whatever Spark returned.
    private ExitCode Launch(Verb verb, EngineArguments arguments, NcfSparkConfiguration configuration)
    {
        ExitCode code = MicrosoftSparkLaunch.Run(
            arguments, Environment.GetCommandLineArgs().Skip(1), configuration.Train.Workers, WorkerFor(verb, configuration.Spark), signals.Token);
        return code == ExitCode.Done ? code : signals.Received ?? code;
    }

    private string? WorkerFor(Verb verb, SparkOptions options)
    {
        if (!verb.RunsTasks || options.WorkerDirectory.Length > 0) return null;
        (string archive, string alias) = WorkerArchive.Make(WorkerArchive.CacheDirectory, progress, time);
        return $"{archive}#{alias}";
    }

    // Only Spark reads and writes there; training runs on this machine.
    private void CheckElsewhere(Verb verb, EngineArguments engine, string runDirectory)
    {
        if (verb.Name != "prepare")
        {
            throw new InvalidInputException(
                $"--run {runDirectory}: `{verb.Name}` needs a run directory of this machine, or a bucket (s3://…). With Spark's executors elsewhere, either "
                + "a directory lies on storage that they share with this machine (NFS and the like), or "
                + $"`prepare` with --run {Advice.Quoted(runDirectory)} lets Spark write there: copy the version that it names to DIR/prepared "
                + "(hadoop fs -get) and go on here with `train` and --run DIR.");
        }

        if (engine.Resolve(environment) == EngineArguments.DuckDb)
        {
            throw new InvalidInputException($"--run {runDirectory} is a path that Spark writes, and the engine is DuckDB: add --master URL or --remote "
                + "sc://host:port, or name a directory of this machine (without a scheme).");
        }
    }

    // "Run `train` again": a stage that was made by hand.
    [GeneratedRegex("(?<=[Rr]un )`(prepare|train|evaluate|score)`")]
    private static partial Regex StageToRun();
}
