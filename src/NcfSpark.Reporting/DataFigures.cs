using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Core;
using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>What the data is like.</summary>
/// <param name="ItemInteractions">Training interactions of each item, in any order.</param>
/// <param name="UserInteractions">Interactions of each user, held-out ones included, in any order.</param>
/// <param name="Train">Training interactions (positives).</param>
/// <param name="Validation">Validation interactions.</param>
/// <param name="Test">Test interactions.</param>
/// <param name="FirstTimestamp">The earliest interaction, in seconds since 1970-01-01 UTC; null where there is none.</param>
/// <param name="Rows">Row counts of the prepared directory by name, those dropped included.</param>
public sealed record DataFigures(
    [property: JsonConverter(typeof(CountsJson))] int[] ItemInteractions, [property: JsonConverter(typeof(CountsJson))] int[] UserInteractions, long Train,
    long Validation, long Test, long? FirstTimestamp, long? LastTimestamp, IReadOnlyDictionary<string, long> Rows)
{
    public int Users => UserInteractions.Length;

    public int Items => ItemInteractions.Length;

    public long Interactions => Train + Validation + Test;

    /// <summary>The share of all user-item pairs that is an interaction.</summary>
    public double Density => Users == 0 || Items == 0 ? 0 : Interactions / ((double)Users * Items);

    public static DataFigures From(EvaluationData data, IReadOnlyDictionary<string, long> rows)
    {
        int[] byUser = new int[data.UserCount];
        (long? first, long? last) = (null, null);
        foreach (InteractionRows part in new[] { data.Train, data.Validation, data.Test })
        {
            foreach (int user in part.Users) byUser[user]++;
            if (part.Count == 0) continue;
            first = Math.Min(first ?? long.MaxValue, part.Timestamps.Min());
            last = Math.Max(last ?? long.MinValue, part.Timestamps.Max());
        }

        if (first == 0 && last == 0) (first, last) = (null, null); // a log without times
        return new DataFigures(data.ItemInteractions, byUser, data.Train.Count, data.Validation.Count, data.Test.Count, first, last, rows);
    }

    /// <summary>The share of training interactions that the most popular items have.</summary>
    /// <param name="shareOfItems">How many items, as a share of all, rounded up.</param>
    public double ShareOfMostPopular(double shareOfItems)
    {
        int[] falling = [.. ItemInteractions.OrderDescending()];
        long all = falling.Sum(count => (long)count);
        return all == 0 ? 0 : falling.Take((int)Math.Ceiling(shareOfItems * falling.Length)).Sum(count => (long)count) / (double)all;
    }

    /// <summary>The value that the given share of counts does not exceed.</summary>
    public static int Quantile(int[] counts, double share)
    {
        int[] rising = [.. counts.Order()];
        return rising.Length == 0 ? 0 : rising[(int)Math.Round(share * (rising.Length - 1))];
    }
}

/// <summary>
/// Counts in JSON as pairs of a count and how many have it, rising: [1, 1, 4, 1] is [[1,3],[4,1]]. Millions of users
/// have few different counts; their order is lost.
/// </summary>
internal sealed class CountsJson : JsonConverter<int[]>
{
    public override int[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        [.. JsonSerializer.Deserialize<int[][]>(ref reader, options)!.SelectMany(run => Enumerable.Repeat(run[0], run[1]))];

    public override void Write(Utf8JsonWriter writer, int[] value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.CountBy(count => count).OrderBy(run => run.Key).Select(run => new[] { run.Key, run.Value }), options);
}
