using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>How a night's model is compared with the one in production, and what the gate decided.</summary>
internal static class NightComparison
{
    /// <param name="settings">Nightly:Gate, MaxDrop, WhenBaselineWins and Refit, and Evaluate.</param>
    /// <param name="incumbent">The night in production; null where there is none, or none that can be read.</param>
    /// <param name="unreadable">The name of the night in production, where it cannot be read; else null.</param>
    public static IncumbentComparison Of(NcfSparkConfiguration settings, Incumbent? incumbent, string? unreadable)
    {
        NightlyOptions options = settings.Nightly;
        double? maxDrop = options.Gate ? options.MaxDrop : null;
        var shaping = new JsonObject
        {
            ["MaxDrop"] = maxDrop,
            ["Refit"] = options.Refit,
            ["Before"] = incumbent?.Name,
            ["Unreadable"] = unreadable,
            ["WhenBaselineWins"] = $"{options.WhenBaselineWins}",
        };
        return new IncumbentComparison(incumbent, shaping, Decide, options.Refit
            ? "These figures are of the model that has not seen the interactions it was tested on. What makes the predictions is trained once more, by "
                + "the same settings, on all interactions, those included (Nightly:Refit)."
            : null);

        ReportGate Decide(EvaluationResult result, ModelWeights weights)
        {
            GateDecision decision = Gate.Decide(NightFigures.From(result, settings.Evaluate), weights.IsFinite, incumbent?.Name ?? unreadable, maxDrop,
                options.WhenBaselineWins);
            string? baseline = decision.Figures.BaselineServes ? decision.Figures.Baseline.Key : null;
            return new ReportGate(decision.Approved, decision.Reason, decision.ToJson(), baseline);
        }
    }

    /// <summary>Makes what serves after the gate: the baseline where it chose that one, else the network, trained again where that is asked for.</summary>
    /// <param name="from">The night that training started from; null for a cold start.</param>
    public static StageDirectory Served(
        StagePipeline pipeline, NcfSparkConfiguration settings, StageDirectory prepared, StageDirectory model, StageDirectory report, Incumbent? from) =>
        DecisionIn(report) is { Figures.BaselineServes: true } ? pipeline.Make(new BaselineStage(settings, prepared, report))
        : RefitStage.IsWanted(settings) ? pipeline.Make(new RefitStage(settings, prepared, model, from))
        : model;

    /// <summary>What the gate decided; null in a report of `evaluate`.</summary>
    public static GateDecision? DecisionIn(StageDirectory report) =>
        GateDecision.FromReport(JsonNode.Parse(File.ReadAllText(report.File(ReportWriter.JsonName)))!);
}
