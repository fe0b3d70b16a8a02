using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.MicrosoftSpark;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Jobs;

/// <summary>What the command line says of where the SQL of prepare runs. The rows are the same everywhere, so nothing of it is in a fingerprint.</summary>
/// <param name="Engine">--engine: one of <see cref="Names"/>, or null.</param>
/// <param name="Master">--master: the master URL of a Spark that is started for the run, or null.</param>
/// <param name="Remote">--remote: the address of a running Spark Connect server, or null.</param>
/// <param name="SubmitArguments">Passed to spark-submit unchanged: ["--conf", "spark.executor.memory=4g", …].</param>
internal sealed record EngineArguments(string? Engine, string? Master, string? Remote, IReadOnlyList<string> SubmitArguments)
{
    public const string DuckDb = "duckdb", SparkConnect = "spark-connect", MicrosoftSpark = "microsoft-spark";

    public static readonly string[] Names = [DuckDb, SparkConnect, MicrosoftSpark];

    /// <summary>Options of spark-submit that pass through. Each takes a value and may be repeated.</summary>
    public static readonly string[] PassedThrough =
    [
        "--conf", "--packages", "--archives", "--jars", "--files", "--repositories", "--exclude-packages", "--properties-file",
        "--driver-memory", "--driver-cores", "--driver-java-options", "--executor-memory", "--executor-cores", "--num-executors",
        "--total-executor-cores", "--queue", "--proxy-user", "--principal", "--keytab", "--deploy-mode",
    ];

    /// <summary>No option given: DuckDB in the process.</summary>
    public static EngineArguments None { get; } = new(null, null, null, []);

    /// <summary>
    /// The engine, by name: as --engine says; else Spark Connect where there is --remote, Microsoft.Spark where spark-submit started this process, Spark
    /// Connect where there is --master; else DuckDB.
    /// </summary>
    /// <exception cref="InvalidInputException">The options do not fit together.</exception>
    public string Resolve(IDictionary environment)
    {
        if (Engine is not null && !Names.Contains(Engine))
        {
            throw Wrong($"--engine is \"{Engine}\", and can be {string.Join(", ", Names[..^1])}"
                + $" or {Names[^1]}.{(NearestName.Of(Engine, Names) is { } meant ? $" Did you mean {meant}?" : "")}");
        }

        if (Master is "" || Remote is "") throw Wrong($"{(Master is "" ? "--master" : "--remote")} is empty (an unset variable?).");
        if (Master is not null && Remote is not null) throw Wrong("--master starts a Spark and --remote uses one that runs: give one of them.");
        bool underSparkSubmit = DotnetRunner.IsParent(environment);
        string engine = Engine ?? (Remote is not null ? SparkConnect : underSparkSubmit ? MicrosoftSpark : Master is null ? DuckDb : SparkConnect);
        string? given = Master is not null ? "--master" : Remote is not null ? "--remote" : SubmitArguments.Count > 0 ? SubmitArguments[0] : null;
        if (engine == DuckDb && given is not null)
        {
            throw Wrong($"{given} is for Spark, and the engine is DuckDB. {(Engine is null ? "Add --master URL." : $"Leave out {given} or --engine duckdb.")}");
        }

        if (engine == SparkConnect && Master is null && Remote is null)
        {
            throw Wrong("--engine spark-connect needs --master URL (a Spark is started for the run, such as --master 'local[*]') or --remote "
                + "sc://host:port (one that runs).");
        }

        if (engine == MicrosoftSpark && Remote is not null)
        {
            throw Wrong("--remote is for --engine spark-connect; microsoft-spark runs under spark-submit: give --master URL.");
        }

        if (engine == MicrosoftSpark && Master is null && !underSparkSubmit)
        {
            throw Wrong("--engine microsoft-spark needs --master URL, such as --master 'local[*]'.");
        }

        if (Remote is not null && SubmitArguments.Count > 0)
        {
            throw Wrong($"{SubmitArguments[0]} is for the spark-submit that --master starts. The server at --remote has its own settings: set it there.");
        }

        for (int i = 0; i < SubmitArguments.Count - 1; i++)
        {
            if (SubmitArguments[i] == "--conf" && SubmitArguments[i + 1].IndexOf('=', StringComparison.Ordinal) <= 0)
            {
                throw Wrong($"--conf {SubmitArguments[i + 1]} is not of the form key=value, such as --conf spark.executor.memory=4g.");
            }
        }

        return engine;
    }

    /// <summary>The engine that the command line chose.</summary>
    /// <exception cref="InvalidInputException">Its options do not fit together; nothing was started.</exception>
    public EngineSource Source(IDictionary environment)
    {
        switch (Resolve(environment))
        {
            case DuckDb:
                return new EngineSource(EngineSource.DuckDb);
            case MicrosoftSpark:
                MicrosoftSparkLaunch.RequireBuilt();
                return new EngineSource(MicrosoftSparkLaunch.Engine)
                {
                    IsSpark = true,
                    IsHere = IsMasterHere((string?)environment["spark.master"] ?? Master),
                    BridgeQueries = DotnetRunner.QueriesAtOnce(environment),
                };
            case { } when Remote is { } remote:
                var address = SparkConnectionString.Parse(remote, (string?)environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"]);
                SparkConnectEngine Connect(JobContext job) =>
                    SparkConnectEngine.Connect(address, OptionsOf(job), job.Cancellation);
                return new EngineSource(Connect) { IsSpark = true, IsHere = address.IsLocal };
            default:
                return new EngineSource(job => SparkConnectEngine.Start(
                    new SparkServerOptions
                    {
                        Master = Master!,
                        SubmitArguments = SubmitArguments,
                        Name = $"NcfSpark {RunOf(job)}",
                        Progress = job.Progress,
                        Time = job.Time,
                    },
                    OptionsOf(job),
                    job.Cancellation)) { IsSpark = true, IsHere = IsMasterHere(Master) };
        }
    }

    private static SparkConnectOptions OptionsOf(JobContext job) => new() { RunName = RunOf(job), Progress = job.Progress, Time = job.Time };

    private static string RunOf(JobContext job) => SparkConnectOptions.RunOf(job.RunDirectory);

    private static bool IsMasterHere(string? master) =>
        master is not null && new[] { "local", "spark://127.", "spark://localhost:" }.Any(here => master.StartsWith(here, StringComparison.Ordinal));

    private static InvalidInputException Wrong(string what) => new(what);
}
