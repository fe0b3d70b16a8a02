using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Reporting;

namespace NcfSpark.Pipeline;

/// <summary>
/// The night in production, with which a new night is compared and from which its training may start. The model is the one that was measured, not the
/// refitted one, because that was trained on interactions that are held out again tonight.
/// </summary>
/// <param name="Name">The name of the night's directory, such as 2026-11-24 or 2026-11-24-2.</param>
/// <param name="Model">Its network, from which training may start.</param>
public sealed record Incumbent(string Name, StageDirectory Prepared, StageDirectory Model)
{
    /// <summary>Its baseline/, where that serves instead of the network; else null.</summary>
    public StageDirectory? Baseline { get; init; }
}

/// <summary>What a night adds to an evaluation: the model in production, measured on the same users, and a gate.</summary>
/// <param name="Incumbent">The night in production; null where there is none, or none that can be read.</param>
/// <param name="Settings">Settings that shape the decision, for the fingerprint.</param>
/// <param name="Decide">Decides, from what was measured, whether the model may serve.</param>
/// <param name="Served">A sentence for the report about the model that will serve, if that is not the measured one; else null.</param>
public sealed record IncumbentComparison(Incumbent? Incumbent, JsonObject Settings, Func<EvaluationResult, ModelWeights, ReportGate> Decide, string? Served)
{
    /// <summary>The key of the model in production among the scorers, and among what a report was made from.</summary>
    public const string Key = Verdict.IncumbentKey;
}
