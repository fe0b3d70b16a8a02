using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;

namespace NcfSpark.Tuning;

/// <summary>What a search came to, as results.json for programs and results.txt for people.</summary>
internal static class TuneTable
{
    public const string JsonName = "results.json", TextName = "results.txt";

    private const int RowsShown = 30;
    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Json(SearchResult result, TuneOptions options, int validationUsers, IReadOnlyDictionary<int, Candidate> candidates) => new JsonObject
    {
        ["metric"] = "ndcg@10",
        ["validation_users"] = validationUsers,
        ["budget_minutes"] = options.BudgetMinutes,
        ["seconds"] = Math.Round(result.Seconds, 1),
        ["brackets"] = result.Brackets,
        ["candidates"] = result.Candidates,
        ["best"] = result.Finalists[0].Candidate.Number,
        ["finalists"] = new JsonArray([.. result.Finalists.Select(finalist => new JsonObject
        {
            ["candidate"] = finalist.Candidate.Number,
            ["epochs"] = finalist.Epochs,
            ["ndcg@10"] = finalist.Mean,
            ["deviation"] = finalist.Deviation,
            ["hr@10"] = finalist.HitRate,
            ["found_by"] = finalist.Found,
            ["seeds"] = finalist.Finals.Count,
            ["settings"] = Settings(finalist.Candidate),
        })]),
        ["trials"] = new JsonArray([.. result.Trials.Select(trial =>
        {
            JsonObject row = JsonSerializer.SerializeToNode(trial, json)!.AsObject();
            row["settings"] = Settings(candidates[trial.Candidate]);
            return row;
        })]),
    }.ToJsonString(json);

    public static string Text(SearchResult result, TuneOptions options, int validationUsers, IReadOnlyDictionary<int, Candidate> candidates)
    {
        string took = $"{result.Seconds:F0} s of a budget of {options.BudgetMinutes * 60:F0} s";
        int seeds = result.Finalists[0].Finals.Count;
        string anew = seeds > 0
            ? $"{seeds} other seed{(seeds == 1 ? "" : "s")}: these figures count"
            : "no other seed, since there was no time: they stand by what they were found by";
        var text = new StringBuilder($"""
            {result.Candidates} candidates in {result.Brackets} brackets, {result.Trials.Count} trials, {took}.
            All figures: NDCG@10 (HR@10) of validation rows among the whole catalogue, {validationUsers} users. The test part was not there.

            Finalists, trained anew with {anew}

            """);
        string[] searched = [.. candidates.Values.SelectMany(candidate => candidate.Settings.Keys).Distinct()];
        Append(
            text,
            ["candidate", "epochs", "NDCG@10", "±", "HR@10", "found by", .. searched.Select(Key)],
            result.Finalists.Select(finalist => (string[])
            [
                Name(finalist.Candidate.Number), $"{finalist.Epochs}", $"{finalist.Mean:F4}",
                $"{finalist.Deviation:F4}", $"{finalist.HitRate:F4}", $"{finalist.Found:F4}",
                .. searched.Select(key => finalist.Candidate.Settings.GetValueOrDefault(key, "")),
            ]));
        text.Append($"\nThe {RowsShown} best trials of the search, by one seed: the best of many, so too high\n\n");
        Append(
            text,
            ["candidate", "epochs", "NDCG@10", "seconds", .. searched.Select(Key)],
            result.Trials.Where(trial => trial.Ndcg is not null && trial.Seed == result.Trials[0].Seed).OrderByDescending(trial => trial.Ndcg).Take(RowsShown)
                .Select(trial => (string[])
            [
                Name(trial.Candidate), $"{trial.Epochs}", $"{trial.Ndcg:F4}", $"{trial.Seconds:F1}",
                .. searched.Select(key => candidates[trial.Candidate].Settings.GetValueOrDefault(key, "")),
            ]));
        IGrouping<string?, Trial>[] failures = [.. result.Trials.Where(trial => trial.Failure is not null).GroupBy(trial => trial.Failure)];
        if (failures.Length > 0) text.Append($"\n{string.Join(", ", failures.Select(failure => $"{failure.Count()} {failure.Key}"))}.\n");
        return text.ToString();
    }

    private static string Name(int candidate) => candidate == 0 ? "itself" : $"{candidate}";

    private static string Key(string setting) => setting.Split(':')[1];

    private static JsonObject Settings(Candidate candidate) =>
        new(candidate.Settings.Select(setting => KeyValuePair.Create(setting.Key, JsonNode.Parse(setting.Value))));

    private static void Append(StringBuilder text, string[] header, IEnumerable<string[]> rows)
    {
        string[][] all = [header, .. rows];
        int[] widths = [.. header.Select((_, column) => all.Max(row => row[column].Length))];
        foreach (string[] row in all) text.Append("  ").AppendJoin("  ", row.Select((cell, column) => cell.PadLeft(widths[column]))).Append('\n');
    }
}
