using NcfSpark.Data;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Pipeline;

/// <summary>prepared/ → model/: weights, ids, and the history of epochs.</summary>
public static class TrainJob
{
    /// <summary>The epoch whose weights a model has, among the counts of its manifest.</summary>
    public const string BestEpoch = "best_epoch";

    /// <summary>The model that training started from, among what a manifest says a model was made from.</summary>
    public const string WarmStartKey = "warm_start";

    public static ExitCode Run(JobContext job)
    {
        StageDirectory prepared = PrepareJob.Open(job);
        StageDirectory made = Make(job, prepared);
        StageSummary.Write(job, made);
        StageSummary.TellOfStale(job, made);
        return ExitCode.Done;
    }

    /// <summary>Opens what this stage made, if it fits the configuration and what it was made from.</summary>
    public static StageDirectory Open(JobContext job, StageDirectory prepared)
    {
        StageDirectory model = StageDirectory.Open(job.RunDirectory, TrainedModel.StageName, prepared);
        ManifestCheck.Fits(model, ("Model", job.Configuration.Model), ("Train", job.Configuration.Train));
        return model;
    }

    /// <param name="prepared">What is trained on.</param>
    /// <param name="from">The night that training starts from; null for a cold start.</param>
    public static string Fingerprint(JobContext job, StageDirectory prepared, Incumbent? from = null) => StageManifest.FingerprintOf(
        TrainedModel.StageName,
        MadeFrom(prepared, from),
        new() { ["Model"] = SettingsJson.ResultShaping(job.Configuration.Model), ["Train"] = SettingsJson.ResultShaping(OptionsOf(job, from)) });

    /// <summary>Refuses settings by which there are no negatives, before any work.</summary>
    /// <exception cref="InvalidInputException">Training wants those that `prepare` draws, and it draws none.</exception>
    public static void CheckNegatives(NcfSparkConfiguration settings)
    {
        if (settings.Train.Negatives != "stored" || settings.Prepare.NegativesPerPositive > 0) return;
        throw new InvalidInputException("Train:Negatives is \"stored\", and Prepare:NegativesPerPositive is 0, so there would be none to tell positives from. Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0.");
    }

    /// <inheritdoc cref="Fingerprint"/>
    public static StageDirectory Make(JobContext job, StageDirectory directory, Incumbent? from = null)
    {
        SparkTraining.Check(job);
        TrainOptions train = OptionsOf(job, from);
        if (train.Negatives == "stored" && directory.Manifest.Rows["train"] == directory.Manifest.Rows["train_positives"])
        {
            throw new InvalidInputException($"{directory.Path} holds no negatives, so Train:Negatives \"stored\" has nothing to tell positives from. Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0 and run `prepare` again.");
        }

        ModelOptions model = job.Configuration.Model;
        SortedDictionary<string, long> rows = directory.Manifest.Rows;
        string warm = from is null ? "" : $"; from the model of {from.Name}";
        string size = $"{rows["train"]:N0} rows of {rows["users"]:N0} users and {rows["items"]:N0} items";
        job.Progress.Line($"Training {model.Kind} on {size}; step {train.Step}{warm}.");
        return new ModelTraining(job, new PreparedData(directory), train, from)
        {
            Stage = TrainedModel.StageName,
            Fingerprint = Fingerprint(job, directory, from),
            MadeFrom = MadeFrom(directory, from),
        }.Make();
    }

    /// <summary>The options of training; a warm start has epochs of its own.</summary>
    public static TrainOptions OptionsOf(JobContext job, Incumbent? from) =>
        from is not null && job.Configuration.Nightly.WarmEpochs > 0 ? job.Configuration.Train with { Epochs = job.Configuration.Nightly.WarmEpochs } : job.Configuration.Train;

    private static SortedDictionary<string, string> MadeFrom(StageDirectory prepared, Incumbent? from)
    {
        var made = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared.Manifest.Fingerprint };
        if (from is not null) made[WarmStartKey] = from.Model.Manifest.Fingerprint;
        return made;
    }
}
