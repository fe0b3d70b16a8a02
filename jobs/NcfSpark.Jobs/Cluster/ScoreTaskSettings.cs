using System.Text;
using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Scoring;

namespace NcfSpark.Jobs.Cluster;

/// <summary>What a scoring task is told on its command line.</summary>
/// <param name="RunDirectory">Where the model's directory stands, on storage that driver and executors share.</param>
/// <param name="Model">The fingerprint that the model must have.</param>
/// <param name="Heartbeat">The file by which the driver says that it lives.</param>
/// <param name="Items">The Parquet file of the items that may be recommended (item_index, and item_group from 0 or -1, by index); "" where all may be, in any number.</param>
/// <param name="Score">What is recommended.</param>
internal sealed record ScoreTaskSettings(string RunDirectory, string Model, string Heartbeat, string Items, ScoreOptions Score)
{
    /// <summary>As one word of a shell's line.</summary>
    public string ToWord() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <exception cref="InvalidInputException">It is no such word: somebody else wrote the command line.</exception>
    public static ScoreTaskSettings Parse(string word)
    {
        try
        {
            return JsonSerializer.Deserialize<ScoreTaskSettings>(Encoding.UTF8.GetString(Convert.FromBase64String(word)))!;
        }
        catch (Exception cause) when (cause is FormatException or JsonException)
        {
            throw new InvalidInputException($"{ScoreTask.Verb} is started by `score` within Spark's tasks, with what to do in a word of its own. This one says nothing: {cause.Message}", cause);
        }
    }
}
