using NcfSpark.Engines;

namespace NcfSpark.Jobs.Cluster;

/// <summary>
/// Why a process within a task failed, brought to the driver. Spark keeps the last 2 KB of its standard error, somewhere within a message of its own; marks say where ours begins and ends.
/// </summary>
internal static class TaskFailure
{
    private const string Begin = "[ncfspark: ", End = " :ncfspark]";
    private const int Longest = 1500;

    public static string Marked(string message) => $"{Begin}{(message.Length > Longest ? message[..Longest] : message)}{End}";

    /// <summary>What a task said of itself; null where the failure is another.</summary>
    public static string? In(SqlEngineException failure)
    {
        int begin = failure.Message.LastIndexOf(Begin, StringComparison.Ordinal), end = failure.Message.LastIndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? failure.Message[(begin + Begin.Length)..end] : null;
    }
}
