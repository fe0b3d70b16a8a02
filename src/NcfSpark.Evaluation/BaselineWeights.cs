using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>A baseline that adds up what each item of a user's history says for each other item.</summary>
public interface IItemWeighting : IScorer
{
    /// <summary>What each item of a history adds to the score of one item, 0 for that item itself.</summary>
    /// <param name="weights_N">Receives them, by the item that adds.</param>
    void WeightsOf(int item, Span<double> weights_N);
}

/// <summary>Baselines in the form in which a night serves them: as they stand at the end of the log, by what adds to the score of each item.</summary>
public static class BaselineWeights
{
    private const int MostWeights = 1 << 25; // 400 MB in memory: all weights of 5,792 items, and of 20,000 the largest 1,677 of each
    private const int FewestOfItem = 50;

    /// <param name="key">One of the keys of <see cref="Baselines"/>.</param>
    /// <param name="parameter">What was chosen of it; see <see cref="BaselineFigures"/>.</param>
    /// <param name="rows">Positives, in any order.</param>
    /// <param name="mostOfItem">How many items may add to the score of one; null: as many as memory allows. Those of the largest weights are kept.</param>
    public static ItemWeights Of(
        string key, double parameter, int userCount, int itemCount, InteractionRows rows, EvaluateOptions options, int? mostOfItem = null)
    {
        var known = new BaselineRows(userCount + 1, itemCount, rows, new InteractionRows([], [], [])); // one more user, of whom nothing is known
        IScorer scorer = Baselines.Make(key, known, parameter, options);
        float[] start_N = new float[itemCount];
        scorer.ScoreAll([userCount], start_N);
        for (int item = 0; item < itemCount; item++) start_N[item] += 0f; // -0 becomes 0
        double decay = key == Baselines.RecentItemCosine ? parameter : double.PositiveInfinity;
        var columns = new (int[] Items, float[] Values)[itemCount];
        Array.Fill(columns, ([], []));
        if (scorer is not IItemWeighting weighting) return ItemWeights.FromColumns(start_N, columns, decay);
        int most = mostOfItem ?? Math.Max(FewestOfItem, MostWeights / Math.Max(1, itemCount));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads > 0 ? options.Threads : Environment.ProcessorCount };
        Parallel.For(0, itemCount, parallel, () => new double[itemCount], (item, _, weights_N) =>
        {
            weighting.WeightsOf(item, weights_N);
            int[] adding = [.. Enumerable.Range(0, itemCount).Where(other => weights_N[other] != 0)];
            if (adding.Length > most) adding = [.. adding.OrderByDescending(other => Math.Abs(weights_N[other])).Take(most).Order()];
            columns[item] = (adding, Array.ConvertAll(adding, other => (float)weights_N[other]));
            return weights_N;
        }, _ => { });
        return ItemWeights.FromColumns(start_N, columns, decay);
    }
}
