using System.Text.RegularExpressions;
using NcfSpark.Engines;

namespace NcfSpark.Cluster;

/// <summary>
/// Why a process within a task failed, brought to the driver. Spark keeps the last 2 KB of its standard error,
/// somewhere within a message of its own; marks say where ours begins and ends.
/// </summary>
internal static partial class TaskFailure
{
    private const string Begin = "[ncfspark: ", End = " :ncfspark]";
    private const int Longest = 1500;
    private const string CannotStart = " The executors cannot start this program: they need Linux with glibc and this machine's kind of processor, "
        + "and what Spark:WorkerDirectory names must be there.";

    public static string Marked(string message) => $"{Begin}{(message.Length > Longest ? message[..Longest] : message)}{End}";

    public static void Report(string message, TextWriter error)
    {
        error.WriteLine(Marked(message));
        error.Flush();
    }

    /// <summary>Waits until Spark has read what was reported: it must be there before standard output ends.</summary>
    public static void WaitForSpark() => Thread.Sleep(TimeSpan.FromMilliseconds(300));

    /// <summary>What a task said of itself, or what Spark says of a script that did not start or did not end well; null where the failure is another.</summary>
    public static string? In(SqlEngineException failure)
    {
        int begin = failure.Message.LastIndexOf(Begin, StringComparison.Ordinal), end = failure.Message.LastIndexOf(End, StringComparison.Ordinal);
        if (begin >= 0 && end > begin) return failure.Message[(begin + Begin.Length)..end];
        if (Script().Match(failure.Message) is not { Success: true } script)
        {
            return failure.Message.Contains("ScriptTransformationWriterThread", StringComparison.Ordinal)
                ? $"this program ended before it had read its rows; the executor's log says more.{CannotStart}"
                : null;
        }

        string cure = script.Groups["status"].Value switch
        {
            "126" or "127" => CannotStart,
            "137" => " It was killed, mostly for memory: give the executors more beside Java's, with --conf spark.executor.memoryOverhead=2g.",
            _ => "",
        };
        return $"{script.Value.Trim()}{cure}";
    }

    [GeneratedRegex(@"Subprocess exited with status (?<status>\d+)\. Error:[^\n]*")]
    private static partial Regex Script();
}
