namespace NcfSpark.Evaluation;

/// <summary>
/// A metric that is an average, kept by user so that users can be drawn anew: its value is the sum of <paramref name="Sums"/> over the sum
/// of <paramref name="Weights"/>. Averages over users have weight 1 each; averages over rows have as weight how many rows the user has.
/// </summary>
/// <param name="Name">Name and cut-off, such as "ndcg@10".</param>
/// <param name="Sums">For each evaluated user the sum of the metric over what is averaged.</param>
/// <param name="Weights">For each evaluated user how much is averaged, above 0.</param>
public sealed record UserAverage(string Name, double[] Sums, double[] Weights)
{
    /// <summary>The average, or NaN over nothing. Summed in the order of users, so it is the same with any number of threads.</summary>
    public double Value => Sums.Sum() / Weights.Sum();
}
