using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>shown.json of a run, beside its report.html: what happened to lists that were shown, as a table for the terminal and for the page.</summary>
public static class ShownReport
{
    public const string FileName = "shown.json";

    private static readonly string[] Heads = ["Variant", "Of", "Metric", "Rows", "Value", "95 %"];

    private static readonly JsonSerializerOptions Json = new(ReportJson.Options) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The file's text: an array of {"variant", "of", "metric", "rows", "value", "low", "high"}.</summary>
    public static string Of(IReadOnlyList<ShownFigure> figures) => JsonSerializer.Serialize(figures, Json) + "\n";

    /// <summary>The figures in lines of columns.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<ShownFigure> figures)
    {
        string[][] rows = [Heads, .. figures.Select(Cells)];
        int[] widths = [.. Heads.Select((_, column) => rows.Max(row => row[column].Length))];
        return rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>The section of the page; empty where the run has no such file.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public static (string Id, string Title, Html Body) Section(string runDirectory)
    {
        string path = Path.Combine(runDirectory, FileName);
        const string Title = "What happened to the lists";
        try
        {
            ShownFigure[] figures = File.Exists(path) ? JsonSerializer.Deserialize<ShownFigure[]>(File.ReadAllBytes(path), Json)! : [];
            return ("shown", Title, figures.Length == 0 ? Html.Empty : Html.Of($"""
                <p>From the log of what users saw and clicked. CTR: clicks over shown items. Hit rate: showings with a click. IPS and SNIPS estimate the CTR
                of this run's lists from the log's propensities (Horvitz and Thompson 1952; Swaminathan and Joachims 2015). Intervals: bootstrap over users.</p>
                <div class="scroll" tabindex="0" role="region" aria-label="{Title}"><table class="metrics"><caption>{Title}</caption>
                <thead><tr>{Heads.Select(head => Html.Of($"<th scope=\"col\">{head}</th>"))}</tr></thead>
                <tbody>{figures.Select(figure => Html.Of($"<tr>{Cells(figure).Select(cell => Html.Of($"<td>{cell}</td>"))}</tr>\n"))}</tbody>
                </table></div>
                """));
        }
        catch (JsonException cause)
        {
            throw new InvalidInputException(
                $"{path} cannot be read: {cause.Message} Measure what was shown again (Evaluate:ShownPath), or remove the file.", cause);
        }
    }

    private static string[] Cells(ShownFigure one) =>
    [
        one.Variant, one.Of, one.Metric, $"{one.Rows:N0}", one.Value is { } value ? $"{value:0.0000}" : "none",
        one.Low is { } low && one.High is { } high ? $"{low:0.0000} to {high:0.0000}" : "",
    ];
}
