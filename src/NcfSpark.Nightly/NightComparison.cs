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
    /// <param name="settings">Nightly:Gate, MaxDrop and Refit, and Evaluate.</param>
    /// <param name="incumbent">The night in production; null where there is none, or none that can be read.</param>
    /// <param name="unreadable">The name of the night in production, where it cannot be read; else null.</param>
    public static IncumbentComparison Of(NcfSparkConfiguration settings, Incumbent? incumbent, string? unreadable)
    {
        NightlyOptions options = settings.Nightly;
        double? maxDrop = options.Gate ? options.MaxDrop : null;
        var shaping = new JsonObject { ["MaxDrop"] = maxDrop, ["Refit"] = options.Refit, ["Before"] = incumbent?.Name, ["Unreadable"] = unreadable };
        return new IncumbentComparison(incumbent, shaping, Decide, options.Refit
            ? "These figures are of the model that has not seen the interactions it was tested on. What makes the predictions is trained once more, by "
                + "the same settings, on all interactions, those included (Nightly:Refit)."
            : null);

        ReportGate Decide(EvaluationResult result, ModelWeights weights)
        {
            GateDecision decision = Gate.Decide(NightFigures.From(result, settings.Evaluate.CutOffs), weights.IsFinite, incumbent?.Name ?? unreadable, maxDrop,
                settings.Nightly.MustBeat);
            return new ReportGate(decision.Approved, decision.Reason, decision.ToJson());
        }
    }

    /// <summary>What the gate decided; null in a report of `evaluate`.</summary>
    public static GateDecision? DecisionIn(StageDirectory report) =>
        GateDecision.FromReport(JsonNode.Parse(File.ReadAllText(report.File(ReportWriter.JsonName)))!);
}
