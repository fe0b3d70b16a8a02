using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Jobs;

/// <summary>prepared/ → model/: weights, ids, and the history of epochs.</summary>
internal static class TrainJob
{
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

    public static string Fingerprint(JobContext job, StageDirectory prepared) => StageManifest.FingerprintOf(
        TrainedModel.StageName,
        MadeFrom(prepared),
        new() { ["Model"] = SettingsJson.ResultShaping(job.Configuration.Model), ["Train"] = SettingsJson.ResultShaping(job.Configuration.Train) });

    public static StageDirectory Make(JobContext job, StageDirectory directory)
    {
        (ModelOptions model, TrainOptions train) = (job.Configuration.Model, job.Configuration.Train);
        var prepared = new PreparedData(directory);
        if (train.Negatives == "stored" && directory.Manifest.Rows["train"] == directory.Manifest.Rows["train_positives"])
        {
            throw new InvalidInputException($"{directory.Path} holds no negatives, so Train:Negatives \"stored\" has nothing to tell positives from. Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0 and run `prepare` again.");
        }

        string fingerprint = Fingerprint(job, directory);
        TrainingSet set = TrainingSet.Read(prepared, avoidHeldOut: job.Configuration.Prepare.NegativesAvoid == "touched");
        job.Progress.Line($"Training {model.Kind} on {set.Rows.Count:N0} rows of {set.UserCount:N0} users and {set.ItemCount:N0} items; step {train.Step}.");
        CheckpointStore checkpoints = CheckpointStore.Open(job.RunDirectory, fingerprint);
        TrainingResult result = new Trainer(model, train, checkpoints, Validation(job, prepared, set), job.Progress, job.Time).Train(set, job.Cancellation);

        using StageWriter writer = StageWriter.Begin(job.RunDirectory, TrainedModel.StageName);
        new TrainedModel(result.Weights, prepared.ReadUsers(), prepared.ReadItems()).Write(writer.Path, job.Configuration.Prepare.Shards);
        File.WriteAllText(writer.File(TrainingHistory.FileName), JsonSerializer.Serialize(new TrainingHistory(result.BestEpoch, result.History), TrainingHistory.Json));
        StageDirectory published = writer.Publish(new StageManifest
        {
            Stage = TrainedModel.StageName,
            Fingerprint = fingerprint,
            MadeFrom = MadeFrom(directory),
            Configuration = new() { ["Model"] = SettingsJson.All(model), ["Train"] = SettingsJson.All(train) },
            Seed = train.Seed,
            Rows = new() { ["users"] = set.UserCount, ["items"] = set.ItemCount, ["epochs"] = result.History.Count, ["best_epoch"] = result.BestEpoch },
        });
        checkpoints.Delete();
        return published;
    }

    private static SortedDictionary<string, string> MadeFrom(StageDirectory prepared) => new() { [PreparedData.StageName] = prepared.Manifest.Fingerprint };

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
