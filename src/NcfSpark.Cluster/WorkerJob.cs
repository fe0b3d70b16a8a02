using System.Collections;
using System.Runtime.InteropServices;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>
/// A worker of a `train` that runs somewhere, as a process of its own: `ncfspark worker`, with <see cref="WorkerEnvironment"/>. It reads no configuration and
/// writes no files; the server tells it everything. Not for people, so it is no verb of the command line's help.
/// </summary>
public static class WorkerJob
{
    public const string Name = "worker";

    /// <summary>What starts a worker on this machine: this program, however it was started itself.</summary>
    public static string[] Command => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "ncfspark"
        ? [Environment.ProcessPath!, Name]
        : ["dotnet", Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), Name];

    public static ExitCode Run(IDictionary environment, TextWriter error, TimeProvider time)
    {
        // A terminal sends Ctrl-C to all its processes. What follows from it is `train`'s to say.
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        try
        {
            WorkerCredentials credentials = WorkerEnvironment.Read(environment);
            int? threads = WorkerEnvironment.WholeNumber(environment, WorkerEnvironment.Threads);
            WorkerProcess.Run(
                credentials,
                threads,
                (setup, share) => WorkerRows.Read(WorkerEnvironment.Text(environment, WorkerEnvironment.Run) ?? setup.RunDirectory, setup, share),
                reason =>
                {
                    error.WriteLine(reason);
                    Environment.Exit((int)ExitCode.Failed);
                },
                time);
            return ExitCode.Done;
        }
#pragma warning disable CA1031 // the server knows more of it; here it is for who looks into a worker's own output
        catch (Exception failure)
#pragma warning restore CA1031
        {
            error.WriteLine(failure is InvalidInputException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}");
            return failure is InvalidInputException ? ExitCode.InvalidInput : ExitCode.Failed;
        }
    }
}
