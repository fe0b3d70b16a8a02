using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>Nights as lines for a terminal of 80 columns, the latest last.</summary>
public static class NightTable
{
    private const int Width = 80, NightsShown = 14, ReasonLines = 3;

    // Columns of the table that are left out, one after the other, until it fits; nights.html has all of them.
    private const int Rows = 3, Users = 4, Metric = 5, ThanProduction = 6, ThanBaseline = 7, Time = 8;
    private static readonly int[] leftOut = [Rows, ThanBaseline, Users, Time, ThanProduction, Metric];

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
            foreach (string line in Wrapped("", $"{runDirectory} has no nights yet.")) yield return line;
            yield return $"`{Advice.Command("help", "nightly")}` says how to make one; --run DIR looks elsewhere.";
            yield break;
        }

        NightRecord[] shown = [.. history.Nights.TakeLast(most)];
        foreach (string line in Wrapped("", $"{runDirectory}: {NightWords.Sentence(history, production)}.")) yield return line;
        yield return "";
        string[] table = [.. Table(shown, production)];
        yield return table[0];
        for (int i = 0; i < shown.Length; i++)
        {
            yield return table[i + 1];
            if (shown[i] is { Outcome: NightOutcome.Production, Figures: not { BaselineServes: true } }) continue;
            foreach (string line in Wrapped("     ", Plain(shown[i].Reason), ReasonLines)) yield return line;
        }

        if (unfinished is not null)
        {
            const string Told = "has not ended: it runs now, or was killed, and the next run of nightly goes on with it.";
            foreach (string line in Wrapped($"   {unfinished}  ", Told)) yield return line;
        }

        foreach (NightRecord change in history.Records.Where(record => record.IsByHand && record.Ended >= shown.FirstOrDefault()?.Started))
        {
            string told = $"{change.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {change.Event} of {change.Night} by hand: {Plain(change.Reason)}";
            foreach (string line in Wrapped("", told, ReasonLines)) yield return line;
        }

        if (history.Unreadable > 0) yield return $"{history.Unreadable} line{(history.Unreadable == 1 ? "" : "s")} of history.jsonl cannot be read.";
        yield return "";
        string more = history.Nights.Count > shown.Length ? $"; {history.Nights.Count - shown.Length} earlier nights" : "";
        string all = Path.Combine(runDirectory, NightsPage.Name);
        foreach (string line in Wrapped("", $"* in production{more}. {all} shows all in a browser.")) yield return line;
    }

    private static IEnumerable<string> Table(NightRecord[] shown, string? production)
    {
        string metric = shown.LastOrDefault(night => night.Figures is not null)?.Figures!.Metric ?? "ndcg@10";
        string[] header = ["", "night", "outcome", "rows", "users", $"{metric.ToUpperInvariant()} (95 %)", "vs production", "vs baseline", "time"];
        string[][] rows = [header, .. shown.Select(night => Row(night, production))];
        int[] widths = [.. header.Select((_, column) => rows.Max(row => row[column].Length))];
        List<int> columns = [.. Enumerable.Range(0, header.Length)];
        foreach (int column in leftOut)
        {
            if (columns.Sum(kept => widths[kept] + 2) - 2 > Width) columns.Remove(column);
        }

        return rows.Select(row => string.Join(
            "  ", columns.Select(column => column < Rows ? row[column].PadRight(widths[column]) : row[column].PadLeft(widths[column]))).TrimEnd());
    }

    private static string[] Row(NightRecord night, string? production)
    {
        string metric = night.Figures?.Metric ?? "";
        string Difference(MetricInterval? value) => value is null ? "" : new MetricName(metric).FormatDifference(value.Value);
        return
        [
            night.Night == production ? "*" : "",
            night.Night,
            night.Outcome == NightOutcome.Abandoned ? NightWords.Outcome(night.Outcome) : night.Outcome,
            night.Data?.Rows.ToString("N0") ?? "",
            night.Data?.Users.ToString("N0") ?? "",
            NightWords.Value(metric, night.Figures?.Served),
            Difference(night.Figures?.ServedAgainstIncumbent),
            Difference(night.Figures?.Baseline.Difference),
            NightWords.Seconds(night) is double seconds ? NightWords.Duration(seconds) : "",
        ];
    }

    private static string Plain(string reason) => ShownText.Of(reason.ReplaceLineEndings(" "), 1000);

    /// <summary>
    /// A text in lines of at most 80 columns, broken at blanks. A longer word, such as a path to copy, stays whole, unless the number of lines is limited:
    /// then what does not fit ends in "…".
    /// </summary>
    private static IEnumerable<string> Wrapped(string start, string text, int? mostLines = null)
    {
        (string line, int lines, bool isEmpty) = (start, 1, true);
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Width)
            {
                if (lines == mostLines)
                {
                    line += $" {word}";
                    break;
                }

                yield return Cut(line);
                (line, lines, isEmpty) = ("     ", lines + 1, true);
            }

            (line, isEmpty) = (isEmpty ? line + word : $"{line} {word}", false);
        }

        yield return Cut(line);

        string Cut(string whole) => mostLines is null || whole.Length <= Width ? whole : $"{whole[..(Width - 1)]}…";
    }
}
