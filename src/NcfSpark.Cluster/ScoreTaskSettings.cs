using System.Text;
using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>What is recommended, as a scoring task is told it in a word of its command line.</summary>
internal static class ScoreTaskSettings
{
    /// <summary>As one word of a shell's line.</summary>
    public static string ToWord(ScoreOptions options) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(options));

    /// <exception cref="InvalidInputException">It is no such word: somebody else wrote the command line.</exception>
    public static ScoreOptions Parse(string word)
    {
        try
        {
            return JsonSerializer.Deserialize<ScoreOptions>(Encoding.UTF8.GetString(Convert.FromBase64String(word)))!;
        }
        catch (Exception cause) when (cause is FormatException or JsonException)
        {
            throw new InvalidInputException($"{ScoreTask.Verb} is started by `score` within Spark's tasks, with what to do in a word of its own. This one says nothing: {cause.Message}", cause);
        }
    }
}
