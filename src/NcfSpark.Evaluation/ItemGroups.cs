namespace NcfSpark.Evaluation;

/// <summary>How items of one kind are found again: known ones, or new ones, without training interactions; or those of new users.</summary>
/// <param name="Key">Its key in report.json, such as "new".</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Result">ndcg and hr of the held-out rows with such items.</param>
public sealed record ItemGroup(string Key, string Title, ProtocolResult Result);

/// <summary>
/// The held-out rows of known and of new items apart, each ranked among the whole catalogue; and those of new items among new items alone, which says how
/// well these are told from each other, however seldom one beats what is well known. Where users are hidden from training, their rows are a group of their own,
/// and in no other. A scorer is asked once for all of them.
/// </summary>
internal sealed class ItemGroups
{
    private readonly (string Key, string Title, RankingEvaluator Ranking, bool OnlyNew)[] groups;
    private readonly bool[] isNew;

    /// <summary>None where held-out rows have items of one kind only, or the prepared rows are not meant to tell.</summary>
    public ItemGroups(EvaluationData data, int[] cutOffs)
    {
        isNew = Array.ConvertAll(data.ItemInteractions, count => count == 0);
        bool OfNewUser(int row) => data.TellsNewUsers && data.History[data.Test.Users[row]].Length == 0;
        bool OfNewItem(int row) => data.TellsNewItems && isNew[data.Test.Items[row]];
        int[] rows = [.. Enumerable.Range(0, data.Test.Count)], known = [.. rows.Where(row => !OfNewUser(row) && !OfNewItem(row))];
        int[] newItems = [.. rows.Where(row => !OfNewUser(row) && OfNewItem(row))], newUsers = [.. rows.Where(OfNewUser)];
        RankingEvaluator RankingOf(int[] tested) => new(data.Seen, data.Test.Take(tested), cutOffs);
        var there = new List<(string Key, string Title, RankingEvaluator Ranking, bool OnlyNew)>();
        if (known.Length > 0 && newItems.Length + newUsers.Length > 0)
        {
            there.Add(("known", newUsers.Length > 0 ? "Known items of known users" : "Known items", RankingOf(known), false));
            if (newItems.Length > 0) there.Add(("new", "New items", RankingOf(newItems), false));
            if (newItems.Length > 0) there.Add(("new_among_new", "New items among new items", RankingOf(newItems), true));
            if (newUsers.Length > 0) there.Add(("new_users", "New users", RankingOf(newUsers), false));
        }

        groups = [.. there];
    }

    /// <summary>Measures of one scorer's pass, and what they come to after it.</summary>
    public (IReadOnlyList<IMeasure> Measures, Func<RankingResult[]> Results) Of(int itemCount)
    {
        RankingMeasure[] rankings = Array.ConvertAll(groups, group => group.Ranking.NewMeasure(itemCount));
        return ([.. rankings.Select((ranking, g) => groups[g].OnlyNew ? (IMeasure)new Among(ranking, isNew) : ranking)],
            () => Array.ConvertAll(rankings, ranking => ranking.Result()));
    }

    /// <param name="results">By scorer, in the order of the measures.</param>
    /// <param name="summarise">From users, rows and what was measured by scorer.</param>
    public IReadOnlyList<ItemGroup> Summarise(
        IReadOnlyList<RankingResult[]> results, Func<int, long, IReadOnlyList<IReadOnlyList<MetricValue>>, ProtocolResult> summarise,
        Func<PerUserMetric, bool> isShown) =>
        [.. groups.Select((group, g) => new ItemGroup(group.Key, group.Title, summarise(group.Ranking.UserCount, group.Ranking.RowCount,
            [.. results.Select(IReadOnlyList<MetricValue> (ofScorer) => [.. ofScorer[g].Metrics.Where(isShown).Select(MetricValue.Of)])])))];

    // All but some items are behind these.
    private sealed class Among(IMeasure measure, bool[] some_N) : IMeasure
    {
        public ReadOnlySpan<int> Users => measure.Users;

        public void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN)
        {
            float[] scores = scores_BN.ToArray();
            for (int s = 0; s < scores.Length; s++)
            {
                if (!some_N[s % some_N.Length]) scores[s] = float.NegativeInfinity;
            }

            measure.Take(users_B, scores);
        }
    }
}
