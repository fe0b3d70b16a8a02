using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>Whether a night's directory can be served from, and is what went into production.</summary>
internal static class NightDirectory
{
    /// <summary>Opens and checks everything that a night in production holds, to the last byte.</summary>
    /// <exception cref="InvalidInputException">
    /// Something is missing or changed, was made from something else than stands beside it, or is not what went into production.
    /// </exception>
    public static void CheckWhole(RunNights nights, RunHistory history, string night)
    {
        string path = nights.PathOf(night);
        CheckIsWhatServed(nights, history, night, StagesOf(path)); // first, because no verb can repair a night that served
        StageDirectory prepared = StageDirectory.Open(path, PreparedData.StageName), model = StageDirectory.Open(path, TrainedModel.StageName, prepared);
        StageDirectory report = StageDirectory.Open(path, Stage.Report, prepared, model);
        StageDirectory predictions = StageDirectory.Open(path, Stage.Predictions, prepared);
        string? by = predictions.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName);
        if (by == model.Manifest.Fingerprint) return;
        if (ServedBaselineOf(path) is not null && StageDirectory.Open(path, ServedBaseline.StageName, prepared, report).Manifest.Fingerprint == by) return;
        if (StageDirectory.Open(path, Stage.Refit, model).Manifest.Fingerprint == by) return;
        throw new InvalidInputException(
            $"{predictions.Path} was made by a model that is not in {path}: `score` with --run {Advice.Quoted(path)} makes it again, or `nightly`.");
    }

    /// <summary>
    /// Opens the night in production for comparison. Null if there is none, or if its files are damaged or are not those that went into production; that
    /// is reported, and the new night runs without a comparison.
    /// </summary>
    public static Incumbent? OpenIncumbent(RunNights nights, RunHistory history, string? name, IProgressReporter progress)
    {
        if (name is null) return null;
        try
        {
            StageDirectory prepared = StageDirectory.Open(nights.PathOf(name), PreparedData.StageName);
            StageDirectory model = StageDirectory.Open(nights.PathOf(name), TrainedModel.StageName, prepared);
            StageDirectory? baseline = ServedBaselineOf(nights.PathOf(name));
            CheckIsWhatServed(nights, history, name, [prepared, model, .. baseline is null ? Array.Empty<StageDirectory>() : [baseline]]);
            return new(name, prepared, model) { Baseline = baseline };
        }
        catch (InvalidInputException damaged)
        {
            progress.Line($"The night in production cannot be compared with: {damaged.Message}");
            return null;
        }
    }

    /// <summary>
    /// Opens the lists of a night in production, to say what changed. Null if there are none, if their ids are of another type, or if they are damaged; that
    /// is reported, and there are no changes/.
    /// </summary>
    public static StageDirectory? OpenLists(RunNights nights, string? name, StageDirectory prepared, IProgressReporter progress)
    {
        if (name is null || !Directory.Exists(Path.Combine(nights.PathOf(name), Stage.Predictions))) return null;
        try
        {
            StageDirectory lists = StageDirectory.Open(
                nights.PathOf(name), Stage.Predictions, isRead: file => file.StartsWith("recommendations/", StringComparison.Ordinal)
                    || file.StartsWith($"{ScoreStage.Lists}/", StringComparison.Ordinal));
            bool IsOther(string ids, string column) =>
                ParquetColumns.IsString(prepared.File(ids), column) != ParquetColumns.IsString(lists.File("recommendations"), column);
            if (!IsOther("users", "user_id") && !IsOther("items", "item_id")) return lists;
            progress.Line($"The ids of {name} are of another type: all lists are new, and there are no {Stage.Predictions}/{ChangedLists.DirectoryName}.");
        }
        catch (InvalidInputException damaged)
        {
            progress.Line($"What changed in the lists since {name} cannot be told: {damaged.Message}");
        }

        return null;
    }

    /// <summary>Whether <see cref="CheckWhole"/> finds no fault.</summary>
    public static bool IsWhole(RunNights nights, RunHistory history, string night)
    {
        try
        {
            CheckWhole(nights, history, night);
            return true;
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    /// <summary>Compares stages with what went into production according to the history.</summary>
    /// <exception cref="InvalidInputException">One differs.</exception>
    public static void CheckIsWhatServed(RunNights nights, RunHistory history, string night, IEnumerable<StageDirectory> found)
    {
        if (history.AsServed(night)?.Artifacts is not { } served) return;
        foreach (StageDirectory stage in found)
        {
            if (served.GetValueOrDefault(stage.Manifest.Stage) is { } hash && hash == stage.ManifestSha256) continue;
            throw new InvalidInputException(
                $"{stage.Path} is not what went into production on {history.FirstInProduction(night)!.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC: the "
                + $"SHA-256 of its {StageManifest.FileName} is not the one in {nights.HistoryPath}. "
                + "It was changed by something else than NcfSpark. Put back what was there, from a backup.");
        }
    }

    /// <summary>What the night is made of, for the history: the hash of each stage's manifest.</summary>
    public static SortedDictionary<string, string> Artifacts(string path) =>
        new(StagesOf(path).ToDictionary(stage => stage.Manifest.Stage, stage => stage.ManifestSha256), StringComparer.Ordinal);

    // The baseline by which a night's predictions were made; null where they were not.
    private static StageDirectory? ServedBaselineOf(string path)
    {
        if (!Directory.Exists(Path.Combine(path, ServedBaseline.StageName))) return null;
        StageDirectory baseline = StageDirectory.Open(path, ServedBaseline.StageName, isRead: _ => false);
        StageDirectory predictions = StageDirectory.Open(path, Stage.Predictions, isRead: _ => false);
        return predictions.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == baseline.Manifest.Fingerprint ? baseline : null;
    }

    private static IEnumerable<StageDirectory> StagesOf(string path) => Stage.Names
        .Where(stage => Directory.Exists(Path.Combine(path, stage)))
        .Select(stage => StageDirectory.Open(path, stage, isRead: _ => false));
}
