using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Jobs.Nights;

/// <summary>
/// The night in service, as a new one compares itself with it and may start from it. Its model is the one that was measured: the one that serves has been trained on
/// interactions that are held out again tonight.
/// </summary>
/// <param name="Name">The night.</param>
/// <param name="Prepared">What it was made from.</param>
/// <param name="Model">Its measured model.</param>
internal sealed record EarlierNight(string Name, StageDirectory Prepared, StageDirectory Model)
{
    /// <summary>Opens it; null where there is none, or it is damaged, which is told: a new night does not wait for it.</summary>
    public static EarlierNight? Open(RunNights nights, string? name, IProgressReporter progress)
    {
        if (name is null) return null;
        try
        {
            StageDirectory prepared = StageDirectory.Open(nights.PathOf(name), PreparedData.StageName);
            return new(name, prepared, StageDirectory.Open(nights.PathOf(name), TrainedModel.StageName, prepared));
        }
        catch (InvalidInputException damaged)
        {
            progress.Line($"The night in service cannot be compared with: {damaged.Message}");
            return null;
        }
    }
}
