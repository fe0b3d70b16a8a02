using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Jobs.Nights;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Jobs;

/// <summary>prepared/ → model/: weights, ids, and the history of epochs.</summary>
internal static class TrainJob
{
    /// <summary>The epoch whose weights a model has, among the counts of its manifest.</summary>
    public const string BestEpoch = "best_epoch";

    /// <summary>The model that training started from, among what a manifest says a model was made from.</summary>
    public const string WarmStartKey = "warm_start";

    public static ExitCode Run(JobContext job)
    {
        StageDirectory prepared = PrepareJob.Open(job);
        StageSummary.Write(job, Make(job, prepared));
        return ExitCode.Done;
    }

    /// <summary>Opens what this stage made, if it fits the configuration and what it was made from.</summary>
    public static StageDirectory Open(JobContext job, StageDirectory prepared)
    {
        StageDirectory model = StageDirectory.Open(job.RunDirectory, TrainedModel.StageName, prepared);
        ManifestCheck.Fits(model, ("Model", job.Configuration.Model), ("Train", job.Configuration.Train));
        return model;
    }

    /// <param name="job">The job.</param>
    /// <param name="prepared">What is trained on.</param>
    /// <param name="from">The night that training starts from; null for a cold start.</param>
    public static string Fingerprint(JobContext job, StageDirectory prepared, EarlierNight? from = null) => StageManifest.FingerprintOf(
        TrainedModel.StageName,
        MadeFrom(prepared, from),
        new() { ["Model"] = SettingsJson.ResultShaping(job.Configuration.Model), ["Train"] = SettingsJson.ResultShaping(OptionsOf(job, from)) });

    /// <inheritdoc cref="Fingerprint"/>
    public static StageDirectory Make(JobContext job, StageDirectory directory, EarlierNight? from = null)
    {
        (ModelOptions model, TrainOptions train) = (job.Configuration.Model, OptionsOf(job, from));
        var prepared = new PreparedData(directory);
        if (train.Negatives == "stored" && directory.Manifest.Rows["train"] == directory.Manifest.Rows["train_positives"])
        {
            throw new InvalidInputException($"{directory.Path} holds no negatives, so Train:Negatives \"stored\" has nothing to tell positives from. Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0 and run `prepare` again.");
        }

        string fingerprint = Fingerprint(job, directory, from);
        TrainingSet set = TrainingSet.Read(prepared, avoidHeldOut: job.Configuration.Prepare.NegativesAvoid == "touched");
        job.Progress.Line($"Training {model.Kind} on {set.Rows.Count:N0} rows of {set.UserCount:N0} users and {set.ItemCount:N0} items; step {train.Step}{(from is null ? "" : $"; from the model of {from.Name}")}.");
        CheckpointStore checkpoints = CheckpointStore.Open(job.RunDirectory, fingerprint);
        var trainer = new Trainer(model, train, checkpoints, Validation(job, prepared, set), job.Progress, job.Time) { Initial = InitialOf(model, prepared, from) };
        TrainingResult result = trainer.Train(set, job.Cancellation);
        StageDirectory published = Publish(job, TrainedModel.StageName, fingerprint, MadeFrom(directory, from), new TrainedModel(result.Weights, prepared.ReadUsers(), prepared.ReadItems()), result);
        checkpoints.Delete();
        return published;
    }

    /// <summary>Writes a model's directory.</summary>
    public static StageDirectory Publish(JobContext job, string stage, string fingerprint, SortedDictionary<string, string> madeFrom, TrainedModel model, TrainingResult result)
    {
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, stage);
        model.Write(writer.Path, job.Configuration.Prepare.Shards);
        File.WriteAllText(writer.File(TrainingHistory.FileName), JsonSerializer.Serialize(new TrainingHistory(result.BestEpoch, result.History), TrainingHistory.Json));
        return writer.Publish(new StageManifest
        {
            Stage = stage,
            Fingerprint = fingerprint,
            MadeFrom = madeFrom,
            Configuration = new() { ["Model"] = SettingsJson.All(job.Configuration.Model), ["Train"] = SettingsJson.All(job.Configuration.Train) },
            Seed = job.Configuration.Train.Seed,
            Rows = new() { ["users"] = model.Users.Count, ["items"] = model.Items.Count, ["epochs"] = result.History.Count, [BestEpoch] = result.BestEpoch },
        });
    }

    /// <summary>The weights to start from; null for a cold start.</summary>
    public static ModelWeights? InitialOf(ModelOptions model, PreparedData prepared, EarlierNight? from) =>
        from is null ? null : WarmStart.From(TrainedModel.Read(from.Model), model, prepared.ReadUsers(), prepared.ReadItems());

    /// <summary>The options of training; a warm start has epochs of its own.</summary>
    public static TrainOptions OptionsOf(JobContext job, EarlierNight? from) =>
        from is not null && job.Configuration.Nightly.WarmEpochs > 0 ? job.Configuration.Train with { Epochs = job.Configuration.Nightly.WarmEpochs } : job.Configuration.Train;

    private static SortedDictionary<string, string> MadeFrom(StageDirectory prepared, EarlierNight? from)
    {
        var made = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared.Manifest.Fingerprint };
        if (from is not null) made[WarmStartKey] = from.Model.Manifest.Fingerprint;
        return made;
    }

    // NDCG@10 over the whole catalogue, without what was trained on; null where nothing is held out to validate.
    private static Func<ModelWeights, double>? Validation(JobContext job, PreparedData prepared, TrainingSet set)
    {
        InteractionRows heldOut = prepared.ReadHeldOut("validation");
        if (heldOut.Count == 0) return null;
        TrainOptions train = job.Configuration.Train;
        (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
        var ranking = new RankingEvaluator(InteractionLists.FromRows(set.UserCount, users, items), heldOut, [10], users: train.ValidationUsers, seed: train.Seed);
        return weights =>
        {
            using IModelScorer scorer = Scorers.Of(weights, train);
            return ranking.Evaluate(scorer, train.Threads, SilentProgress.Instance)["ndcg@10"];
        };
    }
}
