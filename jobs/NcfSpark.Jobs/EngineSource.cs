using System.Collections;
using NcfSpark.Data;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Engines.MicrosoftSpark;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Jobs;

/// <summary>
/// The engine of a run, made when it is first asked for and kept until it is let go: a Spark takes seconds to start, and memory as long as it is there.
/// </summary>
public sealed class EngineSource : IDisposable
{
    private readonly Func<JobContext, ISqlEngine> make;
    private ISqlEngine? engine;

    /// <summary>Whether it is a Spark.</summary>
    public bool IsSpark { get; private init; }

    /// <summary>Whether it computes on this machine alone, as far as its address says.</summary>
    public bool IsHere { get; private init; } = true;

    /// <summary>How many queries Microsoft.Spark's bridge runs at once; null where there is none.</summary>
    public int? BridgeQueries { get; private init; }

    /// <param name="make">Makes an engine for a job.</param>
    public EngineSource(Func<JobContext, ISqlEngine> make) => this.make = make;

    /// <summary>The engine that the command line chose.</summary>
    /// <exception cref="InvalidInputException">Its options do not fit together; nothing was started.</exception>
    internal static EngineSource Of(EngineArguments arguments, IDictionary environment)
    {
        switch (arguments.Resolve(environment))
        {
            case EngineArguments.DuckDb:
                return new EngineSource(DuckDb);
            case EngineArguments.MicrosoftSpark:
                MicrosoftSparkLaunch.RequireBuilt();
                return new EngineSource(MicrosoftSparkLaunch.Engine) { IsSpark = true, IsHere = IsMasterHere((string?)environment["spark.master"] ?? arguments.Master), BridgeQueries = DotnetRunner.QueriesAtOnce(environment) };
            case { } when arguments.Remote is { } remote:
                var address = SparkConnectionString.Parse(remote, (string?)environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"]);
                return new EngineSource(job => SparkConnectEngine.Connect(address, new SparkConnectOptions { Progress = job.Progress, Time = job.Time }, job.Cancellation)) { IsSpark = true, IsHere = address.IsLocal };
            default:
                return new EngineSource(job => SparkConnectEngine.Start(
                    new SparkServerOptions { Master = arguments.Master!, SubmitArguments = arguments.SubmitArguments, Progress = job.Progress, Time = job.Time },
                    new SparkConnectOptions { Progress = job.Progress, Time = job.Time },
                    job.Cancellation)) { IsSpark = true, IsHere = IsMasterHere(arguments.Master) };
        }
    }

    private static bool IsMasterHere(string? master) =>
        master is not null && (master.StartsWith("local", StringComparison.Ordinal) || master.StartsWith("spark://127.", StringComparison.Ordinal) || master.StartsWith("spark://localhost:", StringComparison.Ordinal));

    public ISqlEngine Open(JobContext job) => engine ??= make(job);

    /// <summary>Lets go of the engine. Asked again, another is made.</summary>
    public void Close()
    {
        engine?.Dispose();
        engine = null;
    }

    public void Dispose() => Close();

    internal static ISqlEngine DuckDb(JobContext job) => new DuckDbEngine(
        new DuckDbOptions { Threads = job.Configuration.Prepare.Threads, MemoryLimit = job.Configuration.Prepare.MemoryLimit, SpillDirectory = Path.Combine(job.RunDirectory, "prepared.spill") },
        job.Cancellation);
}
