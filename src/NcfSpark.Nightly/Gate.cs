using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Evaluation;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>
/// Decides whether a night's model (the candidate) goes into production. It must be finite. It must beat the baseline that was strongest on validation: the
/// 95 % interval of the difference lies above 0. Else that baseline is the candidate, where baselines may serve. The candidate must not be worse than the
/// incumbent, the model in production, by more than a share of the incumbent's figure, unless the difference may be chance: its interval contains 0. All
/// are measured on the same held-out users, and differences are paired by user.
/// </summary>
public static class Gate
{
    /// <param name="figures">What was measured.</param>
    /// <param name="finite">Whether all weights of the model are finite.</param>
    /// <param name="production">The name of the night in production; null where there is none.</param>
    /// <param name="maxDrop">
    /// How much worse it may be than the one in production, as a share of that one's figure; null asks for no more than that it is finite.
    /// </param>
    /// <param name="whenBaselineWins">Whether the baseline may serve.</param>
    public static GateDecision Decide(
        NightFigures figures, bool finite, string? production, double? maxDrop, BaselineWins whenBaselineWins = BaselineWins.Refuse)
    {
        var name = new MetricName(figures.Metric);
        if (!finite || figures.Model is not { } model) return Refuse("The model has weights or figures that are not finite.");
        string own = $"{name.Title} {name.Format(model.Value)}";
        if (maxDrop is not { } share) return Approve($"The gate is off (Nightly:Gate); {own}.");
        NightBaseline baseline = figures.Baseline;
        string beats = $"{own} beats {Named(baseline)}";
        if ((baseline.Difference?.Low ?? baseline.Difference?.Value ?? 0) <= 0)
        {
            beats = $"{own} does not beat {Named(baseline)} (difference {Difference(baseline.Difference, name)})";
            if (whenBaselineWins == BaselineWins.Refuse || baseline.Value is null) return Refuse($"{beats}.");
            (own, figures) = ($"{baseline.Title}, {name.Title} {name.Format(baseline.Value.Value)},", figures with { BaselineServes = true });
            beats += $", so {baseline.Title} serves (Nightly:WhenBaselineWins)";
        }

        if (figures.Incumbent is not { } before || figures.ServedAgainstIncumbent is not { } difference)
        {
            return Approve(
                $"{beats}{(production is null ? "; nothing was in production before" : $"; the model in production ({production}) could not be measured")}.");
        }

        string against = $"the {name.Format(before.Value)} of {production}, which was in production (difference {Difference(difference, name)})";
        bool worse = difference.Value < -share * before.Value && (difference.High ?? difference.Value) < 0;
        return worse
            ? Refuse($"{own} is worse than {against}, by more than the share {share} that Nightly:MaxDrop allows.")
            : Approve($"{beats}{(figures.BaselineServes ? ", which is not worse" : " and is not worse")} than {against}.");

        string Named(NightBaseline one) => $"the {(one.Value is null ? "?" : name.Format(one.Value.Value))} of {one.Title}, the strongest baseline";

        GateDecision Approve(string reason) => new(true, reason, figures);

        GateDecision Refuse(string reason) => new(false, reason, figures);
    }

    private static string Difference(MetricInterval? difference, MetricName name) => difference is null ? "not finite" :
        $"{name.FormatDifference(difference.Value)}{(difference.Low is null ? "" : $", 95 % interval {name.FormatDifferenceInterval(difference)}")}";
}

/// <summary>Whether a night's model may go into production. In report.json it is "gate".</summary>
/// <param name="Approved">Whether it may.</param>
/// <param name="Reason">Why or why not, with the figures, in a sentence.</param>
/// <param name="Figures">What it was decided by.</param>
public sealed record GateDecision(bool Approved, string Reason, NightFigures Figures)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, Json)!;

    /// <summary>What a night's report.json says of it; null in the report of `evaluate`, which decides nothing.</summary>
    public static GateDecision? FromReport(JsonNode report) => report[ReportJson.GateKey].Deserialize<GateDecision>(Json);
}
