using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The baselines that every model is held against. What can be set of one (a window, a half-life, a decay, λ) is chosen by NDCG@10 on validation rows, and so
/// is the strongest of them, which the gate compares the model with. Then each learns from all training rows, as the model does. Test rows are not looked at.
/// </summary>
/// <remarks>
/// Validation rows are those that `prepare` held out (Prepare:Validation). Where there are none, they are the latest training rows of the users that are
/// tested: as many as the user has test rows, at most half of the training rows, equal times in the order of a hash. Where all test rows come after all
/// training rows (a split by time), they are the latest training rows of all users: about as many as there are test rows, at most half. What is chosen
/// learned from the rest.
/// </remarks>
public static class Baselines
{
    public const string Popularity = "popularity", RecentPopularity = "recent_popularity", DecayedPopularity = "decayed_popularity";
    public const string ItemCosine = "item_cosine", RecentItemCosine = "recent_item_cosine", Ease = "ease";

    private const string Metric = "ndcg@10";
    internal const int MostUsers = 2000; // validated on, so that choosing takes no longer than measuring, whatever the log's size
    private const long Hour = 3600, Day = 24 * Hour;

    /// <summary>Windows and half-lives that are tried, in seconds.</summary>
    internal static readonly long[] Spans = [Hour, 6 * Hour, Day, 3 * Day, 7 * Day, 14 * Day, 30 * Day, 90 * Day, 180 * Day, 365 * Day];
    private static readonly double[] decays = [1, 3, 10, 30, 100];
    private static readonly double[] regularizations = [30, 100, 300, 1000];

    /// <param name="users">How many users are validated on at most, drawn by hash; 0 for all.</param>
    /// <returns>The baselines, which have learned from all training rows, and what was chosen.</returns>
    public static (IReadOnlyList<NamedScorer> Scorers, ChosenBaselines Chosen) Choose(
        EvaluationData data, EvaluateOptions options, IProgressReporter progress, int users = MostUsers)
    {
        bool isValidatedOnly = data.Validation.Count > 0 && data.Test.Count == 0; // then what was chosen by is what is learned from
        (List<BaselineFigures> figures, List<IScorer> made, int validated, List<string> leftOut) = Validate(data, options, progress, users, isValidatedOnly);
        if (!isValidatedOnly)
        {
            var all = new BaselineRows(data.UserCount, data.ItemInteractions.Length, data.Train, data.Test);
            made = figures.ConvertAll(figure => Make(figure.Key, all, figure.Parameter, options));
        }

        string strongest = figures.MaxBy(figure => figure.Validation?.Value ?? 0)!.Key; // the first of equals
        return ([.. figures.Zip(made, (figure, scorer) => new NamedScorer(figure.Key, figure.Title, scorer, ScoresAreProbabilities: false))],
            new ChosenBaselines(figures, strongest, validated, leftOut));
    }

    // A method of its own, at whose end what was learned for the choice leaves memory.
    private static (List<BaselineFigures> Figures, List<IScorer> Kept, int Users, List<string> LeftOut) Validate(
        EvaluationData data, EvaluateOptions options, IProgressReporter progress, int users, bool keep)
    {
        (InteractionRows known, InteractionRows heldOut) = ValidationOf(data, options.Seed);
        var before = new BaselineRows(data.UserCount, data.ItemInteractions.Length, known, heldOut);
        var leftOut = new List<string>();
        Family[] families = [.. Families(before, options, leftOut)];
        var ranking = new RankingEvaluator(before.Items, heldOut, [10], users: users, seed: options.Seed);
        using IProgressTask task = progress.Start("choosing the baselines", families.Sum(family => family.Settings.Length), "trials");
        var kept = new List<IScorer>();
        var figures = new List<BaselineFigures>();
        foreach (Family family in families)
        {
            (double setting, PerUserMetric? best, IScorer? scorer) = (family.Settings[0], null, null);
            foreach (double tried in ranking.UserCount == 0 ? [] : family.Settings)
            {
                IScorer made = Make(family.Key, before, tried, options);
                PerUserMetric value = ranking.Evaluate(made, options.Threads, SilentProgress.Instance).Metrics.Single(metric => metric.Name == Metric);
                if (best is null || value.Value > best.Value) (setting, best, scorer) = (tried, value, keep ? made : null);
                LargeGarbage.FreeAfter(known.Count);
                task.Advance(1);
            }

            if (keep) kept.Add(scorer ?? Make(family.Key, before, setting, options));
            figures.Add(new(family.Key, family.Title, family.Words(setting), setting, best is null ? null : Intervals.Of(best, options)));
        }

        return (figures, kept, ranking.UserCount, leftOut);
    }

    private static IEnumerable<Family> Families(BaselineRows rows, EvaluateOptions options, List<string> leftOut)
    {
        yield return new(Popularity, "popularity", [0], _ => "");
        long[] shorter = [.. Spans.Where(span => span < rows.Span)];
        if (shorter.Length > 0)
        {
            double[] seconds = [.. shorter.Select(span => (double)span)];
            yield return new(RecentPopularity, "recent popularity", seconds, window => $"of the last {Time(window)}");
            yield return new(DecayedPopularity, "decayed popularity", seconds, half => $"halved every {Time(half)}");
        }

        yield return new(ItemCosine, "item-item cosine", [0], _ => "");
        if (rows.HasTimes)
        {
            yield return new(RecentItemCosine, "item-item, recency", decays, decay => $"the k-th latest item weighs e^(-(k - 1) / {decay})");
        }

        if (shorter.Length == 0)
        {
            leftOut.Add(rows.HasTimes
                ? "Recent and decayed popularity are left out: the log covers less than an hour or two."
                : "Recent and decayed popularity and item-item cosine with recency are left out: the log has no times.");
        }

        int side = Math.Min(rows.ItemCount, rows.Items.UserCount);
        if (side <= options.EaseItems)
        {
            yield return new(Ease, "EASE", regularizations, weight => $"λ {weight}");
        }
        else
        {
            leftOut.Add($"EASE is left out: there are {rows.ItemCount:N0} items and {rows.Items.UserCount:N0} users, and Evaluate:EaseItems is "
                + $"{options.EaseItems:N0}.");
        }
    }

    /// <summary>A baseline that has learned from rows.</summary>
    internal static IScorer Make(string key, BaselineRows rows, double parameter, EvaluateOptions options) => key switch
    {
        Popularity => new PopularityScorer(rows.Popularity),
        RecentPopularity => new RecentPopularityScorer(rows, (long)parameter),
        DecayedPopularity => new DecayedPopularityScorer(rows, parameter),
        ItemCosine => new ItemCosineScorer(rows.Items, rows.ItemCount),
        RecentItemCosine => new ItemCosineScorer(rows.Items, rows.ItemCount, Array.ConvertAll(rows.LaterRows, later => Math.Exp(-later / parameter))),
        Ease => new EaseScorer(rows.Items, rows.ItemCount, parameter, options.Threads),
        _ => throw new ArgumentException($"There is no baseline {key}.", nameof(key)),
    };

    /// <summary>What is learned from on validation, and what is to be found again.</summary>
    internal static (InteractionRows Known, InteractionRows HeldOut) ValidationOf(EvaluationData data, long seed) =>
        data.Validation.Count > 0 ? (data.Train, data.Validation) : HoldOut(data, seed);

    // The latest training rows, and the others.
    private static (InteractionRows Known, InteractionRows HeldOut) HoldOut(EvaluationData data, long seed)
    {
        bool[] isHeldOut = new bool[data.Train.Count];
        if (BaselineRows.IsAfter(data.Test, data.Train))
        {
            long[] times = [.. data.Train.Timestamps.Order()];
            long moment = times[Math.Max(times.Length / 2, times.Length - data.Test.Count)];
            for (int row = 0; row < isHeldOut.Length; row++) isHeldOut[row] = data.Train.Timestamps[row] >= moment;
        }
        else
        {
            HoldOutOfEach(data, seed, isHeldOut);
        }

        return (Where(held: false), Where(held: true));

        InteractionRows Where(bool held)
        {
            int[] rows = [.. Enumerable.Range(0, isHeldOut.Length).Where(row => isHeldOut[row] == held)];
            return data.Train.Take(rows);
        }
    }

    private static void HoldOutOfEach(EvaluationData data, long seed, bool[] isHeldOut)
    {
        int[] tested = new int[data.UserCount];
        foreach (int user in data.Test.Users) tested[user]++;
        InteractionLists rowsOfUser = InteractionLists.PlacesOf(data.UserCount, data.Train.Users);
        for (int user = 0; user < data.UserCount; user++)
        {
            if (tested[user] == 0) continue;
            int[] rows = rowsOfUser[user].ToArray();
            RandomStream ties = RandomStream.Named(seed, "baselines", user);
            int held = Math.Min(tested[user], rows.Length / 2);
            foreach (int row in rows.OrderByDescending(row => data.Train.Timestamps[row]).ThenBy(row => ties.Bits(data.Train.Items[row])).Take(held))
            {
                isHeldOut[row] = true;
            }
        }
    }

    private static string Time(double seconds) => seconds switch
    {
        Hour => "hour",
        < Day => $"{seconds / Hour} hours",
        Day => "day",
        _ => $"{seconds / Day} days",
    };

    /// <summary>A kind of baseline and what may be set of it.</summary>
    private sealed record Family(string Key, string Title, double[] Settings, Func<double, string> Words);
}

/// <summary>The baselines of a log, by their best settings.</summary>
/// <param name="Figures">What each reached on validation, in the order in which they are shown.</param>
/// <param name="Strongest">The key of the one that was best on validation.</param>
/// <param name="ValidationUsers">Users validated on; 0 where nobody has enough training rows, and popularity counts as the strongest.</param>
/// <param name="LeftOut">Which baselines there are not, and why, in sentences.</param>
public sealed record ChosenBaselines(IReadOnlyList<BaselineFigures> Figures, string Strongest, int ValidationUsers, IReadOnlyList<string> LeftOut);

/// <summary>A baseline on validation.</summary>
/// <param name="Setting">What was chosen, in words, such as "of the last 7 days"; "" where there is nothing to choose.</param>
/// <param name="Parameter">The same as a number: seconds of a window or half-life, a decay in items, λ; 0 where there is nothing to choose.</param>
/// <param name="Validation">NDCG@10 over the whole catalogue; null where there was nothing to validate on.</param>
public sealed record BaselineFigures(string Key, string Title, string Setting, double Parameter, MetricInterval? Validation);
