using NcfSpark.Core;
using NcfSpark.Preparation;

namespace NcfSpark.Nightly;

/// <summary>
/// A night that was ever in production is read-only to every verb, and only pruning removes it. `current` and history.jsonl together name these nights: the
/// line is written after the link is changed.
/// </summary>
public static class ProductionRule
{
    public static bool WasInProduction(RunNights nights, RunHistory history, string night) => night == nights.Production || history.WasInProduction(night);

    /// <param name="verb">What is going to write.</param>
    /// <param name="runDirectory">Where: a path of this machine, or one that Spark writes.</param>
    /// <exception cref="InvalidInputException">That is a night that was in production, or lies in one, by whatever name or link.</exception>
    public static void CheckMayWrite(string verb, string runDirectory)
    {
        if (LocalPath(runDirectory) is not { } path) return;
        foreach ((RunNights nights, string night) in RunNights.Around(path))
        {
            RunHistory history = RunHistory.Read(nights);
            if (!WasInProduction(nights, history, night)) continue;
            string since = history.FirstInProduction(night) is { } first
                ? $"went into production on {first.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC ({nights.HistoryPath})"
                : $"is in production ({nights.CurrentPath} leads to it)";
            throw new InvalidInputException(
                $"{runDirectory}: the night {night} {since}, so `{verb}` may not write there: what served stays as it was. Nothing was changed. "
                + $"`nightly` with --run {Advice.Quoted(nights.Path)} makes a new night; `{Advice.Command("help", "promote")}` says how to change which one "
                + $"serves. To try something on this night's data, copy it (cp -r {Advice.Quoted(nights.PathOf(night))} DIR) and give --run DIR.");
        }
    }

    private static string? LocalPath(string runDirectory) =>
        !InputPlace.HasScheme(runDirectory) ? runDirectory
        : Uri.TryCreate(runDirectory, UriKind.Absolute, out Uri? uri) && uri.IsFile ? uri.LocalPath
        : null;
}
