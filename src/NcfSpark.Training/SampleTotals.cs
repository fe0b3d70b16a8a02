namespace NcfSpark.Training;

/// <summary>
/// What samples need to know of all training rows at once. Where several workers train, each has those of its own
/// users, and their sum says the same for all of them: a positive weighs, and an item is drawn, as if one had all rows.
/// What the options do not ask for is left at 0, or empty.
/// </summary>
/// <param name="Positives">How many have a weight.</param>
/// <param name="RecencySum">The sum of their weights by <see cref="SampleWeights"/>, before the mean is made 1.</param>
/// <param name="ItemUses">How often each item was used, for draws by popularity; of a log with weights what its interactions weigh, in thousandths.</param>
internal sealed record SampleTotals(long Positives, double RecencySum, long[] ItemUses)
{
    public static SampleTotals None { get; } = new(0, 0, []);

    public static SampleTotals Of(TrainingSet set, TrainOptions options)
    {
        (double recencySum, long positives) = SampleWeights.SumOf(set, options);
        long[] uses = DrawsByPopularity(options) ? UsesOf(set) : [];
        return new SampleTotals(positives, recencySum, uses);
    }

    /// <summary>Whether these options draw by popularity, and so need to know it.</summary>
    public static bool DrawsByPopularity(TrainOptions options) => options.Negatives is NegativeSource.Popularity or NegativeSource.PopularityUntouched;

    /// <summary>What counts as one use among <see cref="ItemUses"/>.</summary>
    public static long UnitOf(TrainingSet set) => set.Rows.Weights is null ? 1 : 1000;

    /// <summary>The <see cref="ItemUses"/> of a set's positives. In whole numbers, so that those of several workers add up to those of one.</summary>
    public static long[] UsesOf(TrainingSet set)
    {
        long[] uses = new long[set.ItemCount];
        for (int row = 0; row < set.Labels.Length; row++)
        {
            if (set.Labels[row] == 1) uses[set.Rows.Items[row]] += set.Rows.Weights is { } weights ? (long)Math.Round(weights[row] * 1000.0) : 1;
        }

        return uses;
    }

    /// <summary>Those of several workers together, in their order.</summary>
    public static SampleTotals Sum(IEnumerable<SampleTotals> parts) => parts.Aggregate((sum, part) => new SampleTotals(
        sum.Positives + part.Positives, sum.RecencySum + part.RecencySum, [.. sum.ItemUses.Zip(part.ItemUses, (one, other) => one + other)]));
}
