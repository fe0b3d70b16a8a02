using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>What a training worker that is a task of Spark is told first, on standard input: not on a command line, which everyone on the executor's machine may read.</summary>
/// <param name="Worker">The server, and which worker this is.</param>
/// <param name="RunDirectory">Where the prepared rows stand, on storage that driver and executors share; "" where Spark brings them.</param>
/// <param name="Rows">How many rows of each <see cref="WorkerPart"/> Spark brings it; none where it reads them itself.</param>
/// <param name="Threads">Of the worker.</param>
internal sealed record WorkerTaskTicket(WorkerCredentials Worker, string RunDirectory, long[] Rows, int Threads)
{
    /// <summary>As one word, without tabs.</summary>
    public string ToWord() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <exception cref="InvalidInputException">It is no such word.</exception>
    public static WorkerTaskTicket Parse(string word)
    {
        try
        {
            return JsonSerializer.Deserialize<WorkerTaskTicket>(Convert.FromBase64String(word))!;
        }
        catch (Exception cause) when (cause is FormatException or JsonException)
        {
            throw new InvalidInputException($"{WorkerTask.Verb} is started by `train` within Spark's tasks, with what to do on standard input. This says nothing: {cause.Message}", cause);
        }
    }
}
