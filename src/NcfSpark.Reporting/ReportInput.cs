using System.Text.Json.Nodes;
using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>All that the report is made of. The report is a function of it: no clock is read.</summary>
public sealed record ReportInput
{
    /// <summary>The run's name, such as "ml-latest-small".</summary>
    public required string Title { get; init; }

    /// <summary>What was measured; its first scorer is the model.</summary>
    public required EvaluationResult Evaluation { get; init; }

    /// <summary>How it was measured.</summary>
    public required EvaluateOptions Options { get; init; }

    /// <summary>The network and how its training went.</summary>
    public required ModelReport Model { get; init; }

    /// <summary>What it was trained and tested on.</summary>
    public required DataFigures Data { get; init; }

    /// <summary>A few users' histories beside their recommendations.</summary>
    public IReadOnlyList<ExampleUser> Examples { get; init; } = [];

    /// <summary>The resolved configuration by section. It is printed whole, so it must hold no secrets.</summary>
    public JsonObject Configuration { get; init; } = [];

    /// <summary>What a reader must know before believing the figures, or null: shown under the verdict.</summary>
    public string? Caution { get; init; }

    /// <summary>How the log was understood where it might have been otherwise, in sentences: shown with the data.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Of a night: whether its model may go into production, and why.</summary>
    public ReportGate? Gate { get; init; }

    /// <summary>Which model the figures are of, where another one makes the predictions; else null.</summary>
    public string? Served { get; init; }

    /// <summary>When the report was made, to be printed; null keeps time out of it, so that the same evaluation gives the same bytes.</summary>
    public DateTimeOffset? Made { get; init; }
}

/// <summary>Whether a gate let the model serve, as the report shows it.</summary>
/// <param name="Approved">Whether it did.</param>
/// <param name="Reason">Why or why not, in a sentence.</param>
/// <param name="Json">The same with its figures, for report.json.</param>
/// <param name="Baseline">The key of the baseline that serves instead of the model; null where none does.</param>
public sealed record ReportGate(bool Approved, string Reason, JsonNode Json, string? Baseline = null);

/// <summary>What only the run history knows of a night, for its report.</summary>
/// <param name="WentIntoProduction">Whether the night was ever in production; null where its end is not recorded.</param>
/// <param name="State">The same in a few words, which stay true: "Went into production on 2026-11-24 03:35 UTC", "Refused by the gate".</param>
/// <param name="Link">To the page of all nights.</param>
/// <param name="Sections">Sections before those of the report; those without a body are left out.</param>
public sealed record ReportNight(bool? WentIntoProduction, string State, Html Link, IReadOnlyList<(string Id, string Title, Html Body)> Sections);
