using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>Whether a night's model may go into service. In report.json it is "gate".</summary>
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
