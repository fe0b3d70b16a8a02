namespace NcfSpark.Training;

/// <summary>
/// What samples need to know of all training rows at once. Where several workers train, each has those of its own
/// users, and their sum says the same for all of them: a positive weighs, and an item is drawn, as if one had all rows.
/// What the options do not ask for is left at 0, or empty.
/// </summary>
/// <param name="Positives">How many have a weight by recency.</param>
/// <param name="RecencySum">The sum of their weights by <see cref="RecencyWeights"/>, before the mean is made 1.</param>
/// <param name="ItemUses">How often each item was used, for draws by popularity.</param>
internal sealed record SampleTotals(long Positives, double RecencySum, int[] ItemUses)
{
    public static SampleTotals None { get; } = new(0, 0, []);

    public static SampleTotals Of(TrainingSet set, TrainOptions options)
    {
        (double recencySum, long positives) = RecencyWeights.SumOf(set, options);
        int[] uses = DrawsByPopularity(options) ? UsesOf(TrainingSet.Positives(set.Rows, set.Labels).Items, set.ItemCount) : [];
        return new SampleTotals(positives, recencySum, uses);
    }

    /// <summary>Whether these options draw by popularity, and so need to know it.</summary>
    public static bool DrawsByPopularity(TrainOptions options) => options.Negatives is NegativeSource.Popularity or NegativeSource.PopularityUntouched;

    /// <summary>How often each item stands in a list.</summary>
    public static int[] UsesOf(ReadOnlySpan<int> items, int itemCount)
    {
        int[] uses = new int[itemCount];
        foreach (int item in items) uses[item]++;
        return uses;
    }

    /// <summary>Those of several workers together, in their order.</summary>
    public static SampleTotals Sum(IEnumerable<SampleTotals> parts) => parts.Aggregate((sum, part) => new SampleTotals(
        sum.Positives + part.Positives, sum.RecencySum + part.RecencySum, [.. sum.ItemUses.Zip(part.ItemUses, (one, other) => one + other)]));
}
