using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>
/// What a training worker that is a task of Spark is told first, on standard input. It stands in the text of a query, which
/// Spark's pages and event log show, so the run's secret is not in it.
/// </summary>
/// <param name="Worker">The server, and which worker this is; its token is empty.</param>
/// <param name="TokenFile">The file with the run's secret, relative to the task's working directory.</param>
/// <param name="RunDirectory">Where the prepared rows stand, on storage that driver and executors share; "" where Spark brings them.</param>
/// <param name="Rows">How many rows of each <see cref="WorkerPart"/> Spark brings it; none where it reads them itself.</param>
internal sealed record WorkerTaskSettings(WorkerCredentials Worker, string TokenFile, string RunDirectory, long[] Rows, int Threads);

/// <summary>What a process within a task is told, as one word without tabs, which a shell's line and a row of Spark can hold.</summary>
internal static class TaskWord
{
    public static string Of<T>(T settings) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(settings));

    /// <exception cref="InvalidInputException">It is no such word: somebody else started the process.</exception>
    public static T Parse<T>(string word, string verb)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Convert.FromBase64String(word))!;
        }
        catch (Exception cause) when (cause is FormatException or JsonException)
        {
            throw new InvalidInputException(
                $"{verb} is started within Spark's tasks, and told what to do. \"{ShownText.Of(word)}\" says nothing: {cause.Message}", cause);
        }
    }
}
