using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>
/// The process within a task of Spark that is a training worker. Standard input says which, and where the parameter server is, and may bring its rows
/// (<see cref="WorkerInput"/>); everything else the server tells it. At the end it writes its number. It ends by itself
/// when the run is over or goes on without it, and when the server or the executor is gone.
/// </summary>
public static class WorkerTask
{
    public const string Verb = "worker-task";

    public static ExitCode Run(Stream input, TextWriter output, TextWriter error, TimeProvider time)
    {
        try
        {
            LinuxProcess.EndWithParentThread(); // the executor's thread of this task
            WorkerInput given = WorkerInput.Read(input);
            (WorkerCredentials worker, string run) = (given.Settings.Worker, given.Settings.RunDirectory);
            // Spark tells no attempt: the latest to come counts.
            WorkerProcess.Run(
                worker with { Attempt = 0, Token = File.ReadAllText(given.Settings.TokenFile) },
                given.Settings.Threads,
                (setup, share) => run.Length > 0 ? Read(run, setup, share) : WorkerRows.Of(given, setup, share),
                reason => End(reason, error),
                time);
            output.Write($"{worker.Worker}\n");
            output.Flush();
            return ExitCode.Done;
        }
#pragma warning disable CA1031 // the server knows more of it; this is for Spark's message
        catch (Exception failure)
#pragma warning restore CA1031
        {
            TaskFailure.Report(failure is InvalidInputException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}", error);
            TaskFailure.WaitForSpark();
            return failure is InvalidInputException ? ExitCode.InvalidInput : ExitCode.Failed;
        }
    }

    private static WorkerData Read(string runDirectory, WorkerSetup setup, WorkerShare share) => Directory.Exists(runDirectory)
        ? WorkerRows.Read(runDirectory, setup, share)
        : throw new InvalidInputException(
            $"The executor on {Environment.MachineName} does not see the run directory {runDirectory}. Put it on storage that the executors "
            + "share with this machine, at the same path, or into a bucket that both reach (--run s3://…), or set Train:Placement to threads.");

    private static void End(string reason, TextWriter error)
    {
        TaskFailure.Report(reason, error);
        TaskFailure.WaitForSpark();
        Environment.Exit((int)ExitCode.Failed);
    }
}
