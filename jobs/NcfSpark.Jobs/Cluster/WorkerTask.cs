using System.Globalization;
using System.Text;
using NcfSpark.Data;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Jobs.Cluster;

/// <summary>
/// The process within a task of Spark that is a training worker. Its one row says which, and where the parameter server is; everything else the server tells it. At the end it
/// writes its number. It ends by itself when the run is over or goes on without it, and when the server or the executor is gone.
/// </summary>
internal static class WorkerTask
{
    public const string Verb = "worker-task";

    // Spark keeps the end of standard error; it must be there before standard output ends.
    private static readonly TimeSpan ForSparkToRead = TimeSpan.FromMilliseconds(300);

    /// <summary>The row of a worker, as SQL. Not on a command line, which everyone on the executor's machine may read.</summary>
    public static string Row(WorkerTicket ticket, string runDirectory, int threads) =>
        $"SELECT '{ticket.Server}' AS server, '{ticket.Token}' AS token, {ticket.Worker} AS worker, '{Convert.ToBase64String(Encoding.UTF8.GetBytes(runDirectory))}' AS run, {threads} AS threads FROM range(0, 1, 1, 1)";

    /// <summary>The columns of <see cref="Row"/>.</summary>
    public static string[] Columns => ["server", "token", "worker", "run", "threads"];

    public static ExitCode Run(TextReader input, TextWriter output, TextWriter error, TimeProvider time)
    {
        try
        {
            string[] row = (input.ReadLine() ?? "").Split('\t');
            if (row.Length != Columns.Length) throw new InvalidInputException($"{Verb} is started by `train` within Spark's tasks, with what to do on standard input.");
            int worker = int.Parse(row[2], CultureInfo.InvariantCulture), threads = int.Parse(row[4], CultureInfo.InvariantCulture);
            string run = Encoding.UTF8.GetString(Convert.FromBase64String(row[3]));
            input.ReadToEnd(); // a pipe with something left in it would fail the task
            if (!Directory.Exists(run))
            {
                throw new InvalidInputException($"The executor on {Environment.MachineName} does not see the run directory {run}. Put it on storage that the executors share with this machine, at the same path, or set Train:Where to threads.");
            }

            // Spark tells no attempt: the latest to come counts.
            WorkerProcess.Run(
                new WorkerTicket(row[0], row[1], worker, Attempt: 0),
                threads,
                (setup, share) => WorkerRows.Read(run, setup, share),
                reason => End(reason, error),
                time);
            output.Write($"{worker}\n");
            output.Flush();
            return ExitCode.Done;
        }
#pragma warning disable CA1031 // the server knows more of it; this is for Spark's message
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Tell(failure is InvalidInputException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}", error);
            return failure is InvalidInputException ? ExitCode.InvalidInput : ExitCode.Failed;
        }
    }

    private static void End(string reason, TextWriter error)
    {
        Tell(reason, error);
        Environment.Exit((int)ExitCode.Failed);
    }

    private static void Tell(string reason, TextWriter error)
    {
        error.WriteLine(TaskFailure.Marked(reason));
        error.Flush();
        Thread.Sleep(ForSparkToRead);
    }
}
