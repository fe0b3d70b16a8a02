using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Evaluation;

namespace NcfSpark.Tuning;

/// <summary>What a search came to, as results.json for programs and results.txt for people.</summary>
internal static class TuneTable
{
    public const string JsonName = "results.json", TextName = "results.txt";

    private const int RowsShown = 20;
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
        ["baselines"] = result.Baselines is null ? null : new JsonArray([.. result.Baselines.Figures.Select(one => new JsonObject
        {
            ["key"] = one.Key, ["setting"] = one.Setting, ["ndcg@10"] = one.Validation?.Value, ["low"] = one.Validation?.Low, ["high"] = one.Validation?.High,
        })]),
        ["finalists"] = new JsonArray([.. result.Finalists.Select(finalist => new JsonObject
        {
            ["candidate"] = finalist.Candidate.Number,
            ["kind"] = finalist.Candidate.Kind,
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
            row["kind"] = candidates[trial.Candidate].Kind;
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
        var text = new StringBuilder();
        if (result.Baselines is { } baselines) AppendTried(text, result, baselines, candidates);
        text.Append($"""
            {result.Candidates} candidates in {result.Brackets} brackets, {result.Trials.Count} trials, {took}.
            All figures: NDCG@10 (HR@10) of validation rows among the whole catalogue, {validationUsers} users. The test part was not there.

            Finalists, trained anew with {anew}

            """);
        if (result.Baselines is not null)
        {
            Append(
                text,
                ["candidate", "kind", "epochs", "NDCG@10", "±", "HR@10", "found by"],
                result.Finalists.Select(finalist => (string[])
                [
                    Name(finalist.Candidate.Number), finalist.Candidate.Kind, $"{finalist.Epochs}", $"{finalist.Mean:F4}", $"{finalist.Deviation:F4}",
                    $"{finalist.HitRate:F4}", $"{finalist.Found:F4}",
                ]));
            return text.Append(Failures(result)).ToString();
        }

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
        return text.Append(Failures(result)).ToString();
    }

    // Models and baselines in one table, the best first: of each candidate its best trial; all baselines, and the best of each kind of model.
    private static void AppendTried(StringBuilder text, SearchResult result, ChosenBaselines baselines, IReadOnlyDictionary<int, Candidate> candidates)
    {
        string Interval(double? low, double? high) => low is null ? "" : $"{low:F4} to {high:F4}";
        (double Ndcg, string[] Row)[] models = [.. result.Trials.Where(trial => trial.Seed == result.Trials[0].Seed && trial.Ndcg is not null)
            .GroupBy(trial => trial.Candidate).Select(group => group.MaxBy(trial => trial.Ndcg)!)
            .Select(trial => (trial.Ndcg!.Value, (string[])
            [
                candidates[trial.Candidate].Kind, $"{trial.Ndcg:F4}", Interval(trial.Low, trial.High), $"{trial.BestEpoch}",
                $"{result.Trials.Where(of => of.Candidate == trial.Candidate && of.Seed == trial.Seed).Sum(of => of.Seconds):F1}",
                trial.Candidate == 0 ? "as the log's size suggests" : Short(candidates[trial.Candidate]),
            ])).OrderByDescending(one => one.Item1)];
        IEnumerable<(double Ndcg, string[] Row)> simple = baselines.Figures.Where(one => one.Validation is not null).Select(one => (one.Validation!.Value,
            (string[])[one.Title, $"{one.Validation.Value:F4}", Interval(one.Validation.Low, one.Validation.High), "", "", one.Setting]));
        text.Append("What was tried, the best first: NDCG@10 on validation with its 95 % interval. A baseline has no epochs.\n\n");
        Append(
            text, ["kind", "NDCG@10", "95 % interval", "epochs", "seconds", "settings"],
            models.Take(RowsShown).Union(models.DistinctBy(one => one.Row[0])).Concat(simple).OrderByDescending(one => one.Ndcg).Select(one => one.Row),
            leftAligned: [0, 5]);
        string[] untried = [.. result.Kinds.Except(models.Select(one => one.Row[0]))];
        if (untried.Length > 0) text.Append($"There was no time to train {string.Join(" or ", untried)}: give the search more minutes.\n");
        foreach (string reason in baselines.LeftOut) text.Append($"{reason}\n");
        if (result.Better is { } better)
        {
            text.Append($"\n{better.Title}, a baseline, reaches {better.Validation!.Value:F4}: more than every model that was tried.\n");
        }

        text.Append('\n');
    }

    // "EmbeddingSize 64, LearningRate 0.03": what differs from the configuration itself, but for what the kind says already or does not use.
    private static string Short(Candidate candidate) => string.Join(
        ", ", candidate.Settings.Where(setting => setting.Key is not ("Model:Kind" or "Model:User")
                && (candidate.Configuration.Model.HasHistory || !setting.Key.StartsWith("Model:History:", StringComparison.Ordinal))
                && (candidate.Configuration.Model.UserMlp.Width > 0 || !setting.Key.StartsWith("Model:UserMlp:", StringComparison.Ordinal)))
            .Select(setting => $"{setting.Key[(setting.Key.IndexOf(':', StringComparison.Ordinal) + 1)..]} {setting.Value}"));

    private static string Failures(SearchResult result)
    {
        IGrouping<string?, Trial>[] failures = [.. result.Trials.Where(trial => trial.Failure is not null).GroupBy(trial => trial.Failure)];
        return failures.Length == 0 ? "" : $"\n{string.Join(", ", failures.Select(failure => $"{failure.Count()} {failure.Key}"))}.\n";
    }

    private static string Name(int candidate) => candidate == 0 ? "itself" : $"{candidate}";

    private static string Key(string setting) => setting.Split(':')[1];

    private static JsonObject Settings(Candidate candidate) =>
        new(candidate.Settings.Select(setting => KeyValuePair.Create(setting.Key, JsonNode.Parse(setting.Value))));

    private static void Append(StringBuilder text, string[] header, IEnumerable<string[]> rows, int[]? leftAligned = null)
    {
        string[][] all = [header, .. rows];
        int[] widths = [.. header.Select((_, column) => all.Max(row => row[column].Length))];
        foreach (string[] row in all)
        {
            IEnumerable<string> cells = row.Select((cell, column) =>
                leftAligned?.Contains(column) == true ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.Append("  ").Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }
    }
}
