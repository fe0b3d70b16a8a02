using NcfSpark.Data;
using NcfSpark.Evaluation.Nights;
using NcfSpark.Model;

namespace NcfSpark.Jobs.Nights;

/// <summary>
/// The night in service, as a new one compares itself with it and may start from it. Its model is the one that was measured: the one that serves has been trained on
/// interactions that are held out again tonight.
/// </summary>
/// <param name="Name">The name of the night's directory, such as 2026-11-24 or 2026-11-24-2.</param>
/// <param name="Prepared">What it was made from.</param>
/// <param name="Model">Its measured model.</param>
internal sealed record EarlierNight(string Name, StageDirectory Prepared, StageDirectory Model)
{
    /// <summary>
    /// Opens it; null where there is none, or it is damaged or another than went into production, which is told: a new night does not wait for it, and is not
    /// measured against a model that never served.
    /// </summary>
    public static EarlierNight? Open(RunNights nights, NightHistory history, string? name, IProgressReporter progress)
    {
        if (name is null) return null;
        try
        {
            StageDirectory prepared = StageDirectory.Open(nights.PathOf(name), PreparedData.StageName);
            StageDirectory model = StageDirectory.Open(nights.PathOf(name), TrainedModel.StageName, prepared);
            NightDirectory.CheckIsWhatServed(nights, history, name, [prepared, model]);
            return new(name, prepared, model);
        }
        catch (InvalidInputException damaged)
        {
            progress.Line($"The night in service cannot be compared with: {damaged.Message}");
            return null;
        }
    }
}
