using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>How items of one kind are found again: known ones, or new ones, without training interactions.</summary>
/// <param name="Key">Its key in report.json, such as "new".</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Result">ndcg and hr of the held-out rows with such items.</param>
public sealed record ItemGroup(string Key, string Title, ProtocolResult Result);

/// <summary>
/// The held-out rows of known and of new items apart, each ranked among the whole catalogue; and those of new items among new items alone, which says how
/// well these are told from each other, however seldom one beats what is well known. A scorer is asked once for all of them.
/// </summary>
internal sealed class ItemGroups
{
    private readonly (string Key, string Title, RankingEvaluator Ranking, bool OnlyNew)[] groups;
    private readonly bool[] isNew;

    /// <summary>None where held-out rows have items of one kind only, or the prepared rows are not meant to tell.</summary>
    public ItemGroups(EvaluationData data, int[] cutOffs)
    {
        isNew = Array.ConvertAll(data.ItemInteractions, count => count == 0);
        int[] rows = [.. Enumerable.Range(0, data.Test.Count)];
        InteractionRows known = data.Test.Take([.. rows.Where(row => !isNew[data.Test.Items[row]])]), unknown =
            data.Test.Take([.. rows.Where(row => isNew[data.Test.Items[row]])]);
        RankingEvaluator RankingOf(InteractionRows tested) => new(data.Seen, tested, cutOffs);
        groups = !data.TellsNewItems || known.Count == 0 || unknown.Count == 0 ? []
            :
            [
                ("known", "Known items", RankingOf(known), false), ("new", "New items", RankingOf(unknown), false),
                ("new_among_new", "New items among new items", RankingOf(unknown), true),
            ];
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
