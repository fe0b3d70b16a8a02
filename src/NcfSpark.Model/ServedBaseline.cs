using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Model;

/// <summary>
/// Which baseline a night serves instead of its network, in the manifest of the night's baseline/. Beside weights.parquet that directory has users.parquet and
/// items.parquet, as a model's has.
/// </summary>
/// <param name="Key">Its key in report.json, such as "ease".</param>
/// <param name="Title">Its name for people, such as "EASE".</param>
/// <param name="Setting">What validation chose of it, in words, such as "λ 300".</param>
/// <param name="Parameter">The same as a number: seconds of a window or half-life, a decay in items, λ. 0 where there is nothing to choose.</param>
public sealed record ServedBaseline(string Key, string Title, string Setting, double Parameter)
{
    public const string StageName = "baseline";

    /// <summary>The longest history of a user, in items, among the counts of its manifest.</summary>
    public const string LongestHistory = "longest_history";

    private const long MostPlaces = 1 << 27; // of all histories: 512 MB; beyond that the latest items of each user count

    /// <summary>The section of the manifest.</summary>
    public const string Section = "Baseline";

    /// <summary>By how many items a history decays; null where all of its items count alike.</summary>
    public double? Decay { get; init; }

    /// <summary>Its title, with its setting.</summary>
    [JsonIgnore]
    public string Named => Setting.Length == 0 ? Title : $"{Title} ({Setting})";

    public static ServedBaseline Of(StageDirectory directory) => directory.Manifest.Configuration[Section].Deserialize<ServedBaseline>()!;

    /// <summary>The baseline as a model that scores: a placeholder of a network, users' histories, which are empty until somebody sets them, and ids.</summary>
    /// <param name="longestHistory">The most items that a user may have.</param>
    public static TrainedModel AsModel(ItemWeights weights, int longestHistory, IdTable users, IdTable items)
    {
        var network = new ModelOptions { Kind = NetworkKind.Mf, User = UserEncoderKind.Embedding, EmbeddingSize = 1 };
        int length = (int)Math.Clamp(MostPlaces / Math.Max(1, users.Count), 1, Math.Max(1, longestHistory));
        return new TrainedModel(
            new ModelWeights(network, users.Count, items.Count)
            {
                Baseline = weights,
                Pools = weights.UsesHistory ? UserPools.Empty(users.Count, length, keepTimes: false) : null,
            },
            users,
            items);
    }

    internal static TrainedModel Read(StageDirectory directory)
    {
        IdTable users = TrainedModel.ReadIds(directory.File("users.parquet"), "user"), items = TrainedModel.ReadIds(directory.File("items.parquet"), "item");
        ItemWeights weights = ItemWeights.Read(directory.File(ItemWeights.FileName), items.Count, Of(directory).Decay ?? double.PositiveInfinity);
        return AsModel(weights, (int)directory.Manifest.Rows[LongestHistory], users, items);
    }
}
