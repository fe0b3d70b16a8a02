using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.MicrosoftSpark;

namespace NcfSpark.Jobs;

/// <summary>--engine microsoft-spark: the same command again as a child of spark-submit and <see cref="DotnetRunner"/>, where Microsoft.Spark works.</summary>
internal static class MicrosoftSparkLaunch
{
    /// <exception cref="InvalidInputException">This build has no Microsoft.Spark.</exception>
    public static void RequireBuilt()
    {
#if !MICROSOFT_SPARK
        throw new InvalidInputException(
            "This build has no Microsoft.Spark, which is not in every package feed. Start it with `./submit.sh VERB --engine microsoft-spark --master "
            + "URL`, which builds it in; for a spark-submit of your own, build with "
            + "`dotnet build jobs/NcfSpark.Jobs -c Release -p:MicrosoftSpark=true -o DIR` and name DIR/ncfspark.dll there. --engine spark-connect "
            + "needs nothing and serves Spark 3.5 to 4.3; --engine duckdb computes in this process.");
#endif
    }

    /// <summary>The engine, in the process that spark-submit started.</summary>
    public static ISqlEngine Engine(JobContext job)
    {
#if MICROSOFT_SPARK
        return MicrosoftSparkEngine.Start(job.Cancellation);
#else
        _ = job;
        throw new NotSupportedException("RequireBuilt was not asked.");
#endif
    }

    /// <summary>Starts spark-submit with a command of this program, and waits for its end.</summary>
    /// <exception cref="InvalidInputException">There is no Spark that it runs on.</exception>
    /// <param name="command">The arguments of this program.</param>
    /// <param name="workers">Training workers, each of which holds a query where they are tasks.</param>
    /// <param name="archive">The archive of this program for the executors, as --archives takes it; null where no task runs it.</param>
    /// <param name="stop">Asks the program to end.</param>
    public static ExitCode Run(
        EngineArguments arguments, IEnumerable<string> command, int workers, string? archive, CancellationToken stop) =>
        (ExitCode)DotnetRunner.Run(
        new DotnetRunnerOptions
        {
            Master = arguments.Master!,
            SubmitArguments = arguments.SubmitArguments,
            Program = [typeof(MicrosoftSparkLaunch).Assembly.Location, .. command],
            Queries = workers,
            Archive = archive,
        },
        stop);
}
