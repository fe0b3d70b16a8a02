using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>Whether the model beats the baselines, in a word, in a sentence, and in figures.</summary>
/// <param name="Metric">What it is judged by: ndcg over the whole catalogue, at 10 if that was measured.</param>
/// <param name="Outcome">"better" than every baseline, "worse" than at least one, or "undecided".</param>
/// <param name="Sentence">The sentence, such as "NeuMF beats popularity, but falls behind item-item cosine."</param>
/// <param name="BeatsABaseline">Whether it certainly beats at least one baseline; the model in production is none.</param>
public sealed record Verdict(string Metric, string Outcome, string Sentence, string Detail, bool BeatsABaseline)
{
    /// <summary>The key of the model in production among the scorers of a night.</summary>
    public const string IncumbentKey = "incumbent";

    private const string Better = "better", Worse = "worse", Undecided = "undecided";

    public static Verdict Of(EvaluationResult result, int[] cutOffs)
    {
        string metric = $"ndcg@{CutOffOf(cutOffs)}";
        ProtocolResult catalogue = result.WholeCatalogue;
        ScorerMetrics model = catalogue.Scorers[0];
        if (catalogue.Differences.Count == 0)
        {
            return new(metric, Undecided, $"{model.Title} was compared with no baseline.", Figures(metric, model, catalogue.Users), BeatsABaseline: false);
        }

        ILookup<string, string> baselines = catalogue.Differences.ToLookup(
            difference => OutcomeOf(difference.Metrics[metric]!), difference => difference.Title);
        List<string> clauses = [];
        if (baselines[Better].Any()) clauses.Add($"beats {Names(Better)}");
        if (baselines[Undecided].Any()) clauses.Add($"cannot be told apart from {Names(Undecided)}");
        if (baselines[Worse].Any()) clauses.Add($"falls behind {Names(Worse)}");
        string outcome = baselines[Worse].Any() ? Worse : baselines[Undecided].Any() ? Undecided : Better;
        return new(metric, outcome, $"{model.Title} {string.Join(", but ", clauses)}.",
            $"{Figures(metric, model, catalogue.Users)} {AgainstStrongest(metric, catalogue, result.Baselines?.Strongest)}",
            catalogue.Differences.Any(scorer => scorer.Key != IncumbentKey && OutcomeOf(scorer.Metrics[metric]!) == Better));

        // All baselines are named together; the model in production is none.
        string Names(string outcome)
        {
            string[] titles = [.. result.Baselines?.Figures.Select(baseline => baseline.Title) ?? []], those = [.. baselines[outcome]];
            bool isAll = titles.Length > 2 && titles.All(those.Contains);
            return And(isAll ? [$"all {titles.Length} baselines", .. those.Except(titles)] : those);
        }
    }

    /// <summary>The cut-off that is spoken of first: 10 if it was measured, else the first.</summary>
    public static int CutOffOf(int[] cutOffs) => cutOffs.Contains(10) ? 10 : cutOffs[0];

    private static string OutcomeOf(MetricInterval difference) =>
        (difference.Low ?? difference.Value) > 0 ? Better : (difference.High ?? difference.Value) < 0 ? Worse : Undecided;

    private static string Figures(string metric, ScorerMetrics model, int users)
    {
        var name = new MetricName(metric);
        MetricInterval value = model.Metrics[metric]!;
        string interval = value.Low is null ? "" : $" (95 % interval {name.FormatInterval(value, " to ")})";
        return $"Ranked against the whole catalogue, it reaches {name.Title} {name.Format(value.Value)}{interval} over {users:N0} "
            + $"{(users == 1 ? "user" : "users")}.";
    }

    // By validation, as the gate has it; where nothing was validated, by these figures.
    private static string AgainstStrongest(string metric, ProtocolResult catalogue, string? onValidation)
    {
        var name = new MetricName(metric);
        ScorerMetrics strongest = catalogue.Scorers.Skip(1).FirstOrDefault(scorer => scorer.Key == onValidation)
            ?? catalogue.Scorers.Skip(1).MaxBy(scorer => scorer.Metrics[metric]!.Value)!;
        MetricInterval own = strongest.Metrics[metric]!, difference = catalogue.Differences.Single(baseline => baseline.Key == strongest.Key).Metrics[metric]!;
        string which = catalogue.Differences.Count == 1 ? "The baseline"
            : onValidation is null ? "The strongest baseline"
            : "The strongest baseline on validation";
        which = $"{which}, {strongest.Title},";
        string relative = own.Value > 0 && difference.Value != 0
            ? $", {Math.Abs(difference.Value / own.Value) * 100:N0} % {(difference.Value > 0 ? "more" : "less")}"
            : "";
        string interval = difference.Low is null
            ? ""
            : $" (95 % interval {name.FormatDifferenceInterval(difference)}{(OutcomeOf(difference) == Undecided ? ", which holds 0" : "")})";
        return $"{which} reaches {name.Format(own.Value)}: a difference of {name.FormatDifference(difference.Value)}{interval}{relative}.";
    }

    private static string And(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length < 2 ? string.Concat(all) : $"{string.Join(", ", all[..^1])} and {all[^1]}";
    }
}
