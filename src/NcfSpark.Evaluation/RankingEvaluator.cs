using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Ranks each user's held-out items among the whole catalogue, what the user has already seen left out, and averages over users.
/// Made once for a held-out part and used for many scorers, such as the model after each epoch of training.
/// </summary>
/// <remarks>
/// Sampled candidates can order models wrongly; the whole catalogue does not (Krichene and Rendle 2020, "On sampled
/// metrics for item recommendation").
/// </remarks>
public sealed class RankingEvaluator
{
    private readonly InteractionLists heldOut_P;
    private readonly InteractionLists excluded_P;
    private readonly int[] users_P;
    private readonly int[] cutOffs;
    private readonly double[]? novelty_N;
    private readonly InteractionLists? features_N;

    /// <param name="seen">By user what is left out of the ranking: training when validating; training and validation
    /// when testing. Held-out items stay candidates whatever is seen.</param>
    /// <param name="heldOut">The rows to find again, in any order.</param>
    /// <param name="itemInteractions">Training interactions by item, for the metrics of lists (coverage, novelty …); null where these are not
    /// wanted, which is faster.</param>
    /// <param name="users">How many users at most, drawn by hash; 0 for all.</param>
    /// <param name="itemFeatures">The features of each item, rising, for the diversity of lists; null where items have none.</param>
    public RankingEvaluator(InteractionLists seen, InteractionRows heldOut, int[] cutOffs, int[]? itemInteractions = null, int users = 0, long seed = 1,
        InteractionLists? itemFeatures = null)
    {
        (this.cutOffs, features_N) = (cutOffs, itemFeatures);
        users_P = EvaluationUsers.Draw(heldOut, users, RandomStream.Named(seed, "evaluated users"));
        (heldOut_P, excluded_P) = ListsOf(users_P, seen, heldOut);
        novelty_N = itemInteractions is null ? null : NoveltyOf(itemInteractions, seen.UserCount);
    }

    /// <summary>How many users are evaluated.</summary>
    public int UserCount => users_P.Length;

    /// <summary>How many held-out items they have, each counted once a user.</summary>
    public int RowCount => heldOut_P.Items.Length;

    /// <summary>Measures a scorer. The result is the same to the bit with any number of threads.</summary>
    /// <param name="scorer">Scores the users; may be called from several threads at once.</param>
    /// <param name="threads">Threads that evaluate; 0 for all cores.</param>
    public RankingResult Evaluate(IScorer scorer, int threads, IProgressReporter progress)
    {
        RankingMeasure measure = NewMeasure(scorer.ItemCount);
        ScorePass.Run("ranking the catalogue", scorer, [measure], threads, progress);
        return measure.Result();
    }

    internal RankingMeasure NewMeasure(int itemCount) => new(users_P, heldOut_P, excluded_P, cutOffs, novelty_N, itemCount, features_N);

    /// <summary>
    /// An item's novelty, in bits: -log2(interactions / users), 0 for what everybody knows. An item without training interactions counts as
    /// if it had one, since its logarithm would be infinite.
    /// </summary>
    internal static double[] NoveltyOf(int[] itemInteractions, int userCount) =>
        Array.ConvertAll(itemInteractions, count => -Math.Log2(Math.Max(1, count) / (double)userCount) + 0.0); // + 0 turns -0 into 0

    // By place in `users`: the held-out items, and the seen items that are not held out; both rising, each item once.
    private static (InteractionLists HeldOut, InteractionLists Excluded) ListsOf(int[] users, InteractionLists seen, InteractionRows heldOut)
    {
        InteractionLists heldOutOf = InteractionLists.FromRows(seen.UserCount, heldOut.Users, heldOut.Items);
        var (heldOutPlaces, heldOutItems, excludedPlaces, excludedItems) = (new List<int>(), new List<int>(), new List<int>(), new List<int>());
        for (int place = 0; place < users.Length; place++)
        {
            int[] held = Distinct(heldOutOf[users[place]]);
            foreach (int item in held) Add(heldOutPlaces, heldOutItems, place, item);
            foreach (int item in Distinct(seen[users[place]]))
            {
                if (Array.BinarySearch(held, item) < 0) Add(excludedPlaces, excludedItems, place, item);
            }
        }

        return (Lists(users.Length, heldOutPlaces, heldOutItems), Lists(users.Length, excludedPlaces, excludedItems));

        static void Add(List<int> places, List<int> items, int place, int item)
        {
            places.Add(place);
            items.Add(item);
        }

        static InteractionLists Lists(int count, List<int> places, List<int> items) => InteractionLists.FromRows(count, [.. places], [.. items]);
    }

    private static int[] Distinct(ReadOnlySpan<int> items)
    {
        int[] sorted = items.ToArray();
        Array.Sort(sorted);
        int count = 0;
        foreach (int item in sorted)
        {
            if (count == 0 || sorted[count - 1] != item) sorted[count++] = item;
        }

        return sorted[..count];
    }
}

/// <summary>A scorer's ranking metrics over the whole catalogue.</summary>
/// <param name="Users">The evaluated users' indexes, rising: those with held-out items, or a sample of them.</param>
/// <param name="Metrics">For each cut-off K hr@K, ndcg@K, recall@K, precision@K, mrr@K and, where lists were asked for,
/// novelty@K, popular_lists@K and, where items have features, diversity@K; by user as in <paramref name="Users"/>.</param>
/// <param name="OfAllLists">By name, what is no average over users: coverage@K, the share of the catalogue that stands in at least one evaluated user's
/// top K, and gini@K, how unequal items are in that. Empty where lists were not asked for.</param>
public sealed record RankingResult(int[] Users, IReadOnlyList<PerUserMetric> Metrics, IReadOnlyDictionary<string, double> OfAllLists)
{
    /// <summary>A metric that is an average, with its 95 % interval.</summary>
    public MetricInterval WithInterval(string name, EvaluateOptions options) => Intervals.Of(Metrics.Single(metric => metric.Name == name), options);

    /// <summary>A metric's value by its name, such as "ndcg@10".</summary>
    public double this[string name] => OfAllLists.TryGetValue(name, out double value) ? value : Metrics.Single(metric => metric.Name == name).Value;
}
