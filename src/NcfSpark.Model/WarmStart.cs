using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>
/// Initial weights for training from the model in production (the incumbent). Users and items that it knew keep their rows, under their new
/// indexes. New ones start at the mean of all rows of their kind that were trained, or
/// where items have features at what these say. Layers and head are copied. The
/// optimizer's moments start at 0, as always.
/// </summary>
public static class WarmStart
{
    /// <summary>Whether the weights of one network fit another: the same parts of the same widths.</summary>
    public static bool Fits(ModelOptions incumbent, ModelOptions options)
    {
        return Shape(incumbent).SequenceEqual(Shape(options));

        static IEnumerable<(string, int, int)> Shape(ModelOptions options) =>
            new ModelWeights(options with { Item = ItemEncoderKind.Embedding }, 1, 1).All.Select(weight => (weight.Name, weight.Rows, weight.Columns));
    }

    /// <param name="incumbent">The model to start from, which <see cref="Fits"/>.</param>
    /// <param name="features">The features of the items, if they have some.</param>
    /// <param name="featureNames">Their names, by which the incumbent's are found.</param>
    public static ModelWeights From(
        TrainedModel incumbent, ModelOptions options, IdTable users, IdTable items, FeatureLists? features = null, string[]? featureNames = null)
    {
        var weights = new ModelWeights(options, users.Count, items.Count, features?.Count ?? 0) { Features = features };
        int[] oldUsers = users.IndexesIn(incumbent.Users), oldItems = items.IndexesIn(incumbent.Items);
        Take(weights.UserTables, incumbent.Weights.UserTables, oldUsers, incumbent.Users.Interactions);
        Take(weights.ItemTables, incumbent.Weights.ItemTables, oldItems, incumbent.Items.Interactions);
        Take(weights.PoolTables, incumbent.Weights.PoolTables, oldItems, incumbent.Items.Interactions);
        foreach ((Weight now, Weight then) in weights.Dense.Zip(incumbent.Weights.Dense)) then.Values.CopyTo(now.Values);
        if (weights.ItemParts is not null) TakeParts(weights, incumbent, oldItems, featureNames ?? []);
        return weights;
    }

    // A new item begins as its features are, and a new feature at 0. Of an incumbent without features an item's own row is all of it.
    private static void TakeParts(ModelWeights weights, TrainedModel incumbent, int[] oldItems, string[] names)
    {
        (ModelWeights then, int size) = (incumbent.Weights, weights.Options.EmbeddingSize);
        for (int item = 0; item < oldItems.Length; item++)
        {
            if (oldItems[item] is not (>= 0 and var old)) continue;
            Span<float> row = weights.ItemParts!.Row(item);
            if (then.ItemParts is { } parts)
            {
                parts.Row(old).CopyTo(row);
            }
            else
            {
                then.ItemGmf!.Row(old).CopyTo(row);
                row[size] = then.ItemBias!.Row(old)[0];
            }
        }

        if (then.ItemParts is not { } known) return;
        var numbers = incumbent.Features.Select((name, number) => (name, number)).ToDictionary(pair => pair.name, pair => pair.number);
        for (int feature = 0; feature < weights.FeatureCount; feature++)
        {
            if (numbers.TryGetValue(names[feature], out int old)) known.Row(then.ItemCount + old).CopyTo(weights.ItemParts!.Row(weights.ItemCount + feature));
        }
    }

    private static void Take(IReadOnlyList<Weight> tables, IReadOnlyList<Weight> incumbent, int[] oldIndexes, int[] interactions)
    {
        foreach ((Weight now, Weight then) in tables.Zip(incumbent))
        {
            float[] mean = MeanOf(then, interactions);
            Parallel.For(0, oldIndexes.Length, row => (oldIndexes[row] >= 0 ? then.Row(oldIndexes[row]) : mean).CopyTo(now.Row(row)));
        }
    }

    private static float[] MeanOf(Weight table, int[] interactions)
    {
        double[] sums = new double[table.Columns];
        int rows = 0;
        for (int row = 0; row < table.Rows; row++)
        {
            if (interactions[row] == 0) continue; // never trained: still its random initial value
            rows++;
            Span<float> values = table.Row(row);
            for (int column = 0; column < sums.Length; column++) sums[column] += values[column];
        }

        return Array.ConvertAll(sums, sum => (float)(sum / Math.Max(1, rows)));
    }
}
