namespace NcfSpark.Evaluation;

/// <summary>Everything that was measured.</summary>
/// <param name="WholeCatalogue">Held-out items ranked among the whole catalogue: hr, ndcg, recall, precision, mrr,
/// novelty, coverage at each cut-off. What to decide by.</param>
/// <param name="Sampled">Held-out items ranked among sampled candidates: hr and ndcg. Null where no candidates were drawn.</param>
/// <param name="Classification">auc, accuracy, log_loss over test positives and sampled negatives. Null where no candidates were drawn.</param>
public sealed record EvaluationResult(ProtocolResult WholeCatalogue, ProtocolResult? Sampled, ProtocolResult? Classification)
{
    /// <summary>The catalogue's ndcg and hr by length of history, shortest first; empty where there are too few users to tell.</summary>
    public IReadOnlyList<UserGroup> ByHistory { get; init; } = [];

    /// <summary>The same for users with training interactions, and then for new ones, without; empty where only one of the kinds is tested.</summary>
    public IReadOnlyList<UserGroup> ByPresence { get; init; } = [];

    /// <summary>The same for held-out rows of known items and of new ones; empty where only one of the kinds is tested, or nothing is to be told.</summary>
    public IReadOnlyList<ItemGroup> ByItem { get; init; } = [];

    /// <summary>
    /// The whole catalogue by the model where it is told the moment of each user's earliest test row, and then by the same where it is not; null where it
    /// cannot be told. Figures of models that always are, such as HSTU, compare with the former.
    /// </summary>
    public ProtocolResult? Told { get; init; }

    /// <summary>By scorer what was measured over the whole catalogue, user by user.</summary>
    public IReadOnlyList<RankingResult> Rankings { get; init; } = [];

    /// <summary>One scorer minus another over the whole catalogue, paired by user; null where one of them was not measured.</summary>
    /// <param name="metric">Such as "ndcg@10".</param>
    public MetricInterval? Difference(string first, string second, string metric, EvaluateOptions options)
    {
        PerUserMetric? left = Of(first), right = Of(second);
        if (left is null || right is null) return null;
        return Intervals.Of(left with { Sums = [.. left.Sums.Zip(right.Sums, (a, b) => a - b)] }, options);

        PerUserMetric? Of(string key)
        {
            int place = WholeCatalogue.Scorers.ToList().FindIndex(scorer => scorer.Key == key);
            return place < 0 || place >= Rankings.Count ? null : Rankings[place].Metrics.Single(one => one.Name == metric);
        }
    }

    /// <summary>The baselines among the scorers, and which of them validation found strongest; null where none were chosen by validation.</summary>
    public ChosenBaselines? Baselines { get; init; }
}

/// <summary>How users with histories of about one length are served.</summary>
/// <param name="FewestSeen">The shortest history in the group: items seen before the test.</param>
/// <param name="Result">ndcg and hr over the whole catalogue, for the group's users.</param>
public sealed record UserGroup(int FewestSeen, int MostSeen, ProtocolResult Result);
