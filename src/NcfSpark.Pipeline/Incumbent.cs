using System.Text.Json.Nodes;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Reporting;

namespace NcfSpark.Pipeline;

/// <summary>
/// The night in production, as a new one compares itself with it and may start from it. Its model is the one that was
/// measured: the one that serves has been trained on interactions that are held out again tonight.
/// </summary>
/// <param name="Name">The name of the night's directory, such as 2026-11-24 or 2026-11-24-2.</param>
/// <param name="Prepared">What it was made from.</param>
/// <param name="Model">Its measured model.</param>
public sealed record Incumbent(string Name, StageDirectory Prepared, StageDirectory Model);

/// <summary>What a night adds to an evaluation: the model in production, measured on the same users, and a gate.</summary>
/// <param name="Incumbent">The night in production; null where there is none, or none that can be read.</param>
/// <param name="Settings">What else shapes the decision, for the fingerprint.</param>
/// <param name="Decide">Decides by what was measured whether the model may serve.</param>
/// <param name="Served">What the report says of the model that will serve, where that is not the measured one; else null.</param>
public sealed record IncumbentComparison(Incumbent? Incumbent, JsonObject Settings, Func<EvaluationResult, ModelWeights, ReportGate> Decide, string? Served)
{
    /// <summary>The key of the model in production among the scorers, and among what a report was made from.</summary>
    public const string Key = "incumbent";
}
