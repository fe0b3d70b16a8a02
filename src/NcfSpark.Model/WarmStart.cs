using NcfSpark.Core;

namespace NcfSpark.Model;

/// <summary>
/// Initial weights for training from the model in production (the incumbent). Users and items that it knew keep their rows, under their new
/// indexes. New ones start at the mean of all rows of their kind that were trained. Layers and head are copied. The
/// optimizer's moments start at 0, as always.
/// </summary>
public static class WarmStart
{
    /// <summary>Whether the weights of one network fit another: the same parts of the same widths.</summary>
    public static bool Fits(ModelOptions incumbent, ModelOptions options)
    {
        return Shape(incumbent).SequenceEqual(Shape(options));

        static IEnumerable<(string, int, int)> Shape(ModelOptions options) =>
            new ModelWeights(options, 1, 1).All.Select(weight => (weight.Name, weight.Rows, weight.Columns));
    }

    /// <param name="incumbent">The model to start from, which <see cref="Fits"/>.</param>
    public static ModelWeights From(TrainedModel incumbent, ModelOptions options, IdTable users, IdTable items)
    {
        var weights = new ModelWeights(options, users.Count, items.Count);
        int[] oldUsers = users.IndexesIn(incumbent.Users), oldItems = items.IndexesIn(incumbent.Items);
        Take(weights.UserTables, incumbent.Weights.UserTables, oldUsers, incumbent.Users.Interactions);
        Take(weights.ItemTables, incumbent.Weights.ItemTables, oldItems, incumbent.Items.Interactions);
        Take(weights.PoolTables, incumbent.Weights.PoolTables, oldItems, incumbent.Items.Interactions);
        foreach ((Weight now, Weight then) in weights.Dense.Zip(incumbent.Weights.Dense)) then.Values.CopyTo(now.Values);
        return weights;
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
