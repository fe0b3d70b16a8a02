using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Nightly;

/// <summary>Nights as lines for a terminal, the latest last.</summary>
public static class NightTable
{
    private const int NightsShown = 14;
    private const int ReasonWidth = 110;

    /// <summary>Prints the last nights of a run directory. It takes no lock and writes nothing, so it can be asked while a night runs.</summary>
    public static ExitCode Print(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        RunHistory history = RunHistory.Read(nights);
        string? unfinished = nights.Names is [.., { } latest] && history.Of(latest) is null ? latest : null; // it runs, or was killed
        foreach (string line in Lines(job.RunDirectory, history, nights.Production, unfinished, NightsShown)) job.Output.WriteLine(line);
        return ExitCode.Done;
    }

    /// <param name="production">The night in production; null where there is none.</param>
    /// <param name="unfinished">A night whose end is not recorded; null where there is none.</param>
    /// <param name="most">How many nights at most.</param>
    internal static IEnumerable<string> Lines(string runDirectory, RunHistory history, string? production, string? unfinished, int most)
    {
        if (history.Records.Count == 0 && unfinished is null)
        {
            yield return $"{runDirectory} has no nights yet: ./submit.sh nightly --config conf/NAME.json makes one. "
                + "(--run DIR looks into another run directory.)";
            yield break;
        }

        NightRecord[] shown = [.. history.Nights.TakeLast(most)];
        string metric = shown.LastOrDefault(night => night.Figures is not null)?.Figures!.Metric ?? "ndcg@10";
        string[] header = ["", "night", "outcome", "rows", "users", $"{metric.ToUpperInvariant()} (95 %)", "than production", "than baseline", "time"];
        string[][] rows = [header, .. shown.Select(night => Row(night, production))];
        int[] widths = [.. header.Select((_, column) => rows.Max(row => row[column].Length))];
        yield return $"{runDirectory}: {NightWords.Sentence(history, production)}.";
        yield return "";
        for (int i = 0; i < rows.Length; i++)
        {
            IEnumerable<string> cells = rows[i].Select((cell, column) => column is 0 or 1 or 2 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            yield return string.Join("  ", cells).TrimEnd();
            if (i > 0 && shown[i - 1].Outcome != NightOutcome.Production) yield return $"     {Cut(shown[i - 1].Reason)}";
        }

        if (unfinished is not null) yield return $"   {unfinished}  has not ended: it runs now, or was killed, and the next run of nightly goes on with it.";
        foreach (NightRecord change in history.Records.Where(record => record.IsByHand && record.Ended >= shown.FirstOrDefault()?.Started))
        {
            yield return $"{change.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {change.Event} of {change.Night} by hand: {Cut(change.Reason)}";
        }

        if (history.Unreadable > 0) yield return $"{history.Unreadable} line{(history.Unreadable == 1 ? "" : "s")} of history.jsonl cannot be read.";
        yield return "";
        string more = history.Nights.Count > shown.Length ? $"; {history.Nights.Count - shown.Length} earlier nights" : "";
        yield return $"* in production{more}. {Path.Combine(runDirectory, NightsPage.Name)} shows all in a browser.";
    }

    private static string[] Row(NightRecord night, string? production)
    {
        string metric = night.Figures?.Metric ?? "";
        return
        [
            night.Night == production ? "*" : "",
            night.Night,
            NightWords.Outcome(night.Outcome),
            night.Data?.Rows.ToString("N0") ?? "",
            night.Data?.Users.ToString("N0") ?? "",
            NightWords.Value(metric, night.Figures?.Model),
            NightWords.Difference(metric, night.Figures?.AgainstIncumbent),
            NightWords.Difference(metric, night.Figures?.Baseline.Difference),
            NightWords.Seconds(night) is double seconds ? NightWords.Duration(seconds) : "",
        ];
    }

    private static string Cut(string reason)
    {
        string line = reason.ReplaceLineEndings(" ");
        return line.Length <= ReasonWidth ? line : line[..ReasonWidth] + "…";
    }
}
