namespace NcfSpark.Nightly;

/// <summary>Nights as lines for a terminal, the latest last, where the eye is.</summary>
internal static class NightTable
{
    private const int ReasonWidth = 110;

    /// <param name="runDirectory">Where they stand.</param>
    /// <param name="history">What is told of them.</param>
    /// <param name="inService">The night in service; null where there is none.</param>
    /// <param name="unfinished">A night of which no end is told; null where there is none.</param>
    /// <param name="most">How many nights at most.</param>
    public static IEnumerable<string> Lines(string runDirectory, NightHistory history, string? inService, string? unfinished, int most)
    {
        if (history.Records.Count == 0 && unfinished is null)
        {
            yield return $"{runDirectory} has no nights yet: ./submit.sh nightly --config conf/NAME.json makes one. (--run DIR looks into another run directory.)";
            yield break;
        }

        NightRecord[] shown = [.. history.Nights.TakeLast(most)];
        string metric = shown.LastOrDefault(night => night.Figures is not null)?.Figures!.Metric ?? "ndcg@10";
        string[] header = ["", "night", "outcome", "rows", "users", $"{metric.ToUpperInvariant()} (95 %)", "than in service", "than popularity", "time"];
        string[][] rows = [header, .. shown.Select(night => Row(night, inService))];
        int[] widths = [.. header.Select((_, column) => rows.Max(row => row[column].Length))];
        yield return $"{runDirectory}: {NightWords.Sentence(history, inService)}.";
        yield return "";
        for (int i = 0; i < rows.Length; i++)
        {
            yield return string.Join("  ", rows[i].Select((cell, column) => column is 0 or 1 or 2 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd();
            if (i > 0 && shown[i - 1].Outcome != NightOutcome.InService) yield return $"     {Cut(shown[i - 1].Reason)}";
        }

        if (unfinished is not null) yield return $"   {unfinished}  has not ended: it runs now, or was killed, and the next run of nightly goes on with it.";
        foreach (NightRecord change in history.Records.Where(record => record.IsByHand && record.Ended >= shown.FirstOrDefault()?.Started)) yield return $"{change.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {change.Event} of {change.Night} by hand: {Cut(change.Reason)}";
        if (history.Unreadable > 0) yield return $"{history.Unreadable} line{(history.Unreadable == 1 ? "" : "s")} of history.jsonl cannot be read.";
        yield return "";
        yield return $"* in service{(history.Nights.Count > shown.Length ? $"; {history.Nights.Count - shown.Length} earlier nights" : "")}. {Path.Combine(runDirectory, NightsPage.Name)} shows all in a browser.";
    }

    private static string[] Row(NightRecord night, string? inService)
    {
        string metric = night.Figures?.Metric ?? "";
        return
        [
            night.Night == inService ? "*" : "", night.Night, NightWords.Outcome(night.Outcome), night.Data?.Rows.ToString("N0") ?? "", night.Data?.Users.ToString("N0") ?? "",
            NightWords.Value(metric, night.Figures?.Model), NightWords.Difference(metric, night.Figures?.AgainstInService), NightWords.Difference(metric, night.Figures?.AgainstPopularity),
            NightWords.Seconds(night) is double seconds ? NightWords.Duration(seconds) : "",
        ];
    }

    private static string Cut(string reason)
    {
        string line = reason.ReplaceLineEndings(" ");
        return line.Length <= ReasonWidth ? line : line[..ReasonWidth] + "…";
    }
}
