#if MICROSOFT_SPARK
using System.Diagnostics;
#endif
using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Jobs;

/// <summary>--engine microsoft-spark: the same command again as a child of spark-submit and DotnetRunner, where Microsoft.Spark works.</summary>
internal static class MicrosoftSparkLaunch
{
    /// <summary>Whether this process is the one that spark-submit started.</summary>
    public static bool IsUnderSparkSubmit => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOTNETBACKEND_PORT"));

    /// <summary>The engine, in the process that spark-submit started.</summary>
    /// <exception cref="InvalidInputException">This build has no Microsoft.Spark.</exception>
    public static ISqlEngine Engine(JobContext job) =>
#if MICROSOFT_SPARK
        Engines.MicrosoftSpark.MicrosoftSparkEngine.Start(job.Cancellation);
#else
        throw NotBuilt();
#endif

    /// <summary>Starts spark-submit with this command, and passes its exit code on. SIGTERM goes on to it; Ctrl-C reaches it by itself.</summary>
    /// <exception cref="InvalidInputException">There is no master, no Spark, or no Microsoft.Spark in this build.</exception>
    /// <param name="arguments">The master, and what goes to spark-submit.</param>
    /// <param name="command">This command.</param>
    /// <param name="worker">The archive of this program for the executors, as --archives takes it; null where no task runs it.</param>
    /// <param name="stop">Stops it.</param>
    public static ExitCode Run(EngineArguments arguments, IReadOnlyList<string> command, string? worker, CancellationToken stop)
    {
#if MICROSOFT_SPARK
        string master = arguments.Master ?? throw new InvalidInputException("--engine microsoft-spark needs --master URL, such as --master 'local[*]'.");
        string jar = Directory.EnumerateFiles(AppContext.BaseDirectory, "microsoft-spark-*.jar").OrderDescending(StringComparer.Ordinal).FirstOrDefault()
            ?? throw new InvalidInputException($"There is no microsoft-spark jar in {AppContext.BaseDirectory}; it comes with the package Microsoft.Spark. Build again with -p:MicrosoftSpark=true.");
        string submit = Environment.GetEnvironmentVariable("SPARK_HOME") is { Length: > 0 } home ? Path.Combine(home, "bin", "spark-submit") : "spark-submit";
        string[] words =
        [
            "--class", "org.apache.spark.deploy.dotnet.DotnetRunner", "--master", master, "--conf", "spark.dotnet.ignoreSparkPatchVersionCheck=true", "--conf", "spark.sql.catalogImplementation=in-memory",
            .. WithArchive([.. arguments.SubmitArguments], worker), jar, "dotnet", .. command,
        ];
        using Process process = Start(submit, words);
        using CancellationTokenRegistration forwarded = stop.Register(() => Process.Start("kill", ["-TERM", $"{process.Id}"]).Dispose());
        process.WaitForExit();
        return (ExitCode)process.ExitCode;
#else
        _ = (arguments, command, worker, stop);
        throw NotBuilt();
#endif
    }

    // Of several --archives spark-submit hears the last one only.
    internal static string[] WithArchive(string[] submitArguments, string? archive)
    {
        if (archive is null) return submitArguments;
        int at = Array.LastIndexOf(submitArguments, "--archives");
        if (at < 0) return [.. submitArguments, "--archives", archive];
        submitArguments[at + 1] += $",{archive}";
        return submitArguments;
    }

#if MICROSOFT_SPARK
    private static Process Start(string submit, string[] words)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(submit, words))!;
        }
        catch (System.ComponentModel.Win32Exception cause)
        {
            throw new InvalidInputException($"{submit} cannot be started ({cause.Message}). Unpack Spark 3.5 or 4.0, and set SPARK_HOME to its directory.", cause);
        }
    }
#else
    private static InvalidInputException NotBuilt() => new(
        "This build has no Microsoft.Spark, which is not in every package feed: start it through submit.sh, or build it with `dotnet build jobs/NcfSpark.Jobs -c Release -p:MicrosoftSpark=true`. --engine spark-connect needs nothing and serves Spark 3.5 to 4.3.");
#endif
}
