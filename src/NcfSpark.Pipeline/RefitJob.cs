using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Training;

namespace NcfSpark.Pipeline;

/// <summary>
/// prepared/ and model/ → refit/: the same network trained on all interactions, those held out to measure included, for as many epochs as validation chose (with a
/// linear schedule the rates fall to 0 over these). It is what a night serves; there is nothing left to measure it on.
/// </summary>
public static class RefitJob
{
    public const string StageName = "refit";

    public static string Fingerprint(JobContext job, StageDirectory prepared, StageDirectory model, Incumbent? from) => StageManifest.FingerprintOf(
        StageName,
        Inputs.Of(prepared, model),
        new() { ["Model"] = SettingsJson.ResultShaping(job.Configuration.Model), ["Train"] = SettingsJson.ResultShaping(OptionsOf(job, model, from)) });

    /// <param name="directory">What is trained on.</param>
    /// <param name="model">The model that was measured.</param>
    /// <param name="from">The night that training starts from, as for that model; null for a cold start.</param>
    public static StageDirectory Make(JobContext job, StageDirectory directory, StageDirectory model, Incumbent? from)
    {
        TrainOptions train = OptionsOf(job, model, from);
        // `promote` has no Spark; the model is the same.
        if (train.Placement == Placement.Spark && !job.Engine.IsSpark) train = train with { Placement = Placement.Threads };
        SortedDictionary<string, long> rows = directory.Manifest.Rows;
        long all = rows["train"] + rows.GetValueOrDefault("validation") + rows.GetValueOrDefault("test");
        job.Progress.Line($"Training again on all {all:N0} rows, {train.Epochs} epochs, for what is served.");
        return new ModelTraining(job, new PreparedData(directory), train, from)
        {
            Stage = StageName,
            Fingerprint = Fingerprint(job, directory, model, from),
            MadeFrom = Inputs.Of(directory, model),
            TrainsOnHeldOut = true,
        }.Make();
    }

    // What validation chose: how many epochs. There is nothing to validate on any more.
    private static TrainOptions OptionsOf(JobContext job, StageDirectory model, Incumbent? from) =>
        TrainJob.OptionsOf(job, from) with { Epochs = (int)model.Manifest.Rows[TrainJob.BestEpoch], Patience = 0 };
}
