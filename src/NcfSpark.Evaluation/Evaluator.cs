using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Measures a model beside baselines: each scorer goes over the users once, and everything is measured on those scores. Then users are drawn
/// anew for the intervals. The result is a function of the data, the scores and the options, whatever the number of threads.
/// </summary>
public static class Evaluator
{
    /// <summary>What is thrown where nothing is held out.</summary>
    public static InvalidInputException WithoutTestRows() => new(
        "There are no test rows, so nothing can be measured: set Prepare:Holdout above 0, or lower Prepare:MinInteractions, and run `prepare` again.");

    /// <param name="scorers">The model first, then the baselines that it is compared with.</param>
    /// <exception cref="InvalidInputException">There are no test rows, or a scorer knows another number of items than the data has.</exception>
    public static EvaluationResult Run(EvaluationData data, IReadOnlyList<NamedScorer> scorers, EvaluateOptions options, IProgressReporter progress)
    {
        if (data.Test.Count == 0) throw WithoutTestRows();
        if (scorers.FirstOrDefault(scorer => scorer.Scorer.ItemCount != data.ItemInteractions.Length) is { } stranger)
        {
            throw new InvalidInputException(
                $"{stranger.Title} scores {stranger.Scorer.ItemCount:N0} items, but the prepared data has {data.ItemInteractions.Length:N0}: "
                + "it was trained on other data. Run `train` again.");
        }

        int[] users = EvaluationUsers.Draw(data.Test, options.MostUsers, RandomStream.Named(options.Seed, "evaluated users"));
        int tested = data.Test.Users.Distinct().Count();
        if (users.Length < tested)
        {
            progress.Line($"{users.Length:N0} of {tested:N0} users with test rows are evaluated, drawn at random (Evaluate:Users); "
                + "the intervals show what that costs.");
            data = data.TestedOn(users);
        }

        int itemCount = data.ItemInteractions.Length;
        var ranking = new RankingEvaluator(data.Seen, data.Test, options.CutOffs, data.ItemInteractions, itemFeatures: data.ItemFeatures);
        InteractionLists negatives = ClassificationMeasure.DrawNegatives(
            data.Test, data.TestCandidates, options.NegativesPerPositive, RandomStream.Named(options.Seed, "classification"));
        var (catalogue, sampled, classified) = (
            new List<IReadOnlyList<MetricValue>>(), new List<IReadOnlyList<MetricValue>>(), new List<IReadOnlyList<MetricValue>>());
        var rankings = new List<RankingResult>();
        var itemGroups = new ItemGroups(data, options.CutOffs);
        var ofItemGroups = new List<RankingResult[]>();
        var counts = (Rows: 0, Candidates: 0L, Positives: 0, Negatives: 0, SampledUsers: 0);
        foreach (NamedScorer scorer in scorers)
        {
            RankingMeasure rank = ranking.NewMeasure(itemCount);
            var rankSampled = new SampledMeasure(data.Test, data.TestCandidates, options.CutOffs, data.UserCount, itemCount);
            var classify = new ClassificationMeasure(data.Test, negatives, options.Threshold, data.UserCount, itemCount);
            (IReadOnlyList<IMeasure> byItem, Func<RankingResult[]> byItemResults) = itemGroups.Of(itemCount);
            ScorePass.Run($"evaluating {scorer.Title}", scorer.Scorer, [rank, rankSampled, classify, .. byItem], options.Threads, progress);
            ofItemGroups.Add(byItemResults());

            rankings.Add(rank.Result());
            catalogue.Add(InOrder(rankings[^1], options.CutOffs));
            counts = (rankSampled.RowCount, data.TestCandidates.Items.Length, classify.PositiveCount, classify.NegativeCount, rankSampled.Users.Length);
            if (!data.HasCandidates) continue;
            sampled.Add([.. rankSampled.Result().Select(MetricValue.Of)]);
            classified.Add(Classified(classify, scorer.ScoresAreProbabilities));
        }

        ProtocolResult Summarise(int users, long rows, long negatives, IReadOnlyList<IReadOnlyList<MetricValue>> measured) =>
            new(users, rows, negatives, Intervals.Of(scorers, measured, users, options, out IReadOnlyList<ScorerMetrics> differences), differences);

        return new EvaluationResult(
            Summarise(ranking.UserCount, ranking.RowCount, 0, catalogue),
            data.HasCandidates ? Summarise(counts.SampledUsers, counts.Rows, counts.Candidates, sampled) : null,
            data.HasCandidates ? Summarise(counts.SampledUsers, counts.Positives, counts.Negatives, classified) : null)
        {
            Rankings = rankings,
            ByItem = itemGroups.Summarise(ofItemGroups, (users, rows, measured) => Summarise(users, rows, 0, measured), IsShownByGroup),
            ByPresence = [.. UserGroups.ByPresence(Array.ConvertAll(rankings[0].Users, user => !data.History[user].IsEmpty)).Select(Group)],
            ByHistory = [.. UserGroups.Split(Array.ConvertAll(rankings[0].Users, user => data.Seen[user].Length)).Select(Group)],
        };

        UserGroup Group(int[] places)
        {
            int[] seen = Array.ConvertAll(places, place => data.Seen[rankings[0].Users[place]].Length);
            var measured = rankings.ConvertAll(IReadOnlyList<MetricValue> (ranking) =>
                [.. ranking.Metrics.Where(IsShownByGroup).Select(metric => MetricValue.Of(UserGroups.Over(metric, places)))]);
            int[] users = Array.ConvertAll(places, place => rankings[0].Users[place]);
            int rows = data.Test.Users.Count(user => Array.BinarySearch(users, user) >= 0);
            return new UserGroup(seen.Min(), seen.Max(), Summarise(places.Length, rows, 0, measured));
        }
    }

    private static bool IsShownByGroup(PerUserMetric metric) =>
        metric.Name.StartsWith("ndcg@", StringComparison.Ordinal) || metric.Name.StartsWith("hr@", StringComparison.Ordinal);

    private static List<MetricValue> InOrder(RankingResult result, int[] cutOffs)
    {
        var measured = new List<MetricValue>();
        foreach (int cutOff in cutOffs)
        {
            measured.AddRange(result.Metrics.Where(metric => metric.Name.EndsWith($"@{cutOff}", StringComparison.Ordinal)).Select(MetricValue.Of));
            measured.AddRange(result.OfAllLists.Where(metric => metric.Key.EndsWith($"@{cutOff}", StringComparison.Ordinal))
                .Select(metric => new MetricValue(metric.Key, metric.Value)));
        }

        return measured;
    }

    private static IReadOnlyList<MetricValue> Classified(ClassificationMeasure classify, bool probabilities)
    {
        MetricValue auc = MetricValue.Of(classify.Area());
        if (!probabilities) return [new("accuracy", null), auc, new("log_loss", null)];
        (PerUserMetric accuracy, PerUserMetric logLoss) = classify.OfProbabilities();
        return [MetricValue.Of(accuracy), auc, MetricValue.Of(logLoss)];
    }
}

/// <summary>A scorer as it is named in the report.</summary>
/// <param name="Key">Its key in report.json, such as "item_cosine".</param>
/// <param name="Title">Its name for people, such as "item-item cosine".</param>
/// <param name="ScoresAreProbabilities">Whether a score is the probability of use, so that accuracy and log loss have a meaning.</param>
public sealed record NamedScorer(string Key, string Title, IScorer Scorer, bool ScoresAreProbabilities);
