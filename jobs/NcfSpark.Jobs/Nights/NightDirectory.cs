using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Jobs.Nights;

/// <summary>Whether a night's directory can be served from.</summary>
internal static class NightDirectory
{
    /// <summary>Opens and checks everything that a night in service holds, to the last byte.</summary>
    /// <exception cref="InvalidInputException">Something is missing or changed, or predictions are by another model than the night's.</exception>
    public static void CheckWhole(string path)
    {
        StageDirectory prepared = StageDirectory.Open(path, PreparedData.StageName);
        StageDirectory model = StageDirectory.Open(path, TrainedModel.StageName, prepared);
        StageDirectory.Open(path, EvaluateJob.StageName, model);
        StageDirectory predictions = StageDirectory.Open(path, ScoreJob.StageName);
        string? by = predictions.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName);
        if (by == model.Manifest.Fingerprint) return;
        if (Directory.Exists(Path.Combine(path, RefitJob.StageName)) && StageDirectory.Open(path, RefitJob.StageName, model).Manifest.Fingerprint == by) return;
        throw new InvalidInputException($"{predictions.Path} was made by a model that is not in {path}. Run `nightly` again.");
    }

    /// <summary>The same as a question.</summary>
    public static bool IsWhole(string path)
    {
        try
        {
            CheckWhole(path);
            return true;
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }
}
