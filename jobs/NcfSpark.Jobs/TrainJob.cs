using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Jobs.Cluster;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

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
        TrainOptions train = job.Configuration.Train;
        SparkTraining.Check(job);
        var prepared = new PreparedData(directory);
        if (train.Negatives == "stored" && directory.Manifest.Rows["train"] == directory.Manifest.Rows["train_positives"])
        {
            throw new InvalidInputException($"{directory.Path} holds no negatives, so Train:Negatives \"stored\" has nothing to tell positives from. Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0 and run `prepare` again.");
        }

        return train.Workers == 1 && train.Where == "threads" ? MakeAlone(job, prepared) : MakeByWorkers(job, prepared);
    }

    private static StageDirectory MakeAlone(JobContext job, PreparedData prepared)
    {
        (ModelOptions model, TrainOptions train) = (job.Configuration.Model, job.Configuration.Train);
        TrainingSet set = TrainingSet.Read(prepared, AvoidsHeldOut(job));
        job.Progress.Line($"Training {model.Kind} on {set.Rows.Count:N0} rows of {set.UserCount:N0} users and {set.ItemCount:N0} items; step {train.Step}.");
        CheckpointStore checkpoints = CheckpointStore.Open(job.RunDirectory, Fingerprint(job, prepared.Directory));
        InteractionRows heldOut = prepared.ReadHeldOut("validation");
        TrainingResult result = new Trainer(model, train, checkpoints, heldOut.Count == 0 ? null : Validation(heldOut, set, train).Validate, job.Progress, job.Time).Train(set, job.Cancellation);
        StageDirectory published = Publish(job, prepared, new TrainingHistory(result.BestEpoch, result.History), directory =>
            new TrainedModel(result.Weights, prepared.ReadUsers(), prepared.ReadItems()).Write(directory, job.Configuration.Prepare.Shards));
        checkpoints.Delete();
        return published;
    }

    private static StageDirectory MakeByWorkers(JobContext job, PreparedData prepared)
    {
        (ModelOptions model, TrainOptions train) = (job.Configuration.Model, job.Configuration.Train);
        StageManifest manifest = prepared.Directory.Manifest;
        int cores = train.Threads == 0 ? Environment.ProcessorCount : train.Threads;
        var setup = new WorkerSetup
        {
            Model = model,
            Train = train,
            Shards = job.Configuration.Prepare.Shards,
            UserCount = (int)manifest.Rows["users"],
            ItemCount = (int)manifest.Rows["items"],
            AvoidHeldOut = AvoidsHeldOut(job),
            Validates = manifest.Rows.GetValueOrDefault("validation") > 0,
            RunDirectory = Path.GetFullPath(job.RunDirectory),
            Prepared = manifest.Fingerprint,
            Threads = Math.Max(1, cores / train.Workers),
        };
        job.Progress.Line($"Training {model.Kind} on {manifest.Rows["train"]:N0} rows of {setup.UserCount:N0} users and {setup.ItemCount:N0} items; step {train.Step}.");
        CheckpointStore checkpoints = CheckpointStore.Open(job.RunDirectory, Fingerprint(job, prepared.Directory));
        var training = new DistributedTraining(setup, checkpoints, (of, share) => WorkerRows.Read(of.RunDirectory, of, share), job.Progress, job.Time);
        DistributedResult result = train.Where switch
        {
            "spark" => SparkTraining.Run(job, training),
            "processes" => training.RunProcesses(WorkerJob.Command, job.Cancellation),
            _ => training.RunThreads(job.Cancellation),
        };
        StageDirectory published = Publish(job, prepared, new TrainingHistory(result.BestEpoch, result.History) { Workers = result.Workers }, directory =>
        {
            foreach (string file in Directory.GetFiles(result.ModelDirectory, "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(directory, Path.GetRelativePath(result.ModelDirectory, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }

            TrainedModel.WriteIds(directory, prepared.ReadUsers(), prepared.ReadItems());
        });
        checkpoints.Delete();
        return published;
    }

    private static StageDirectory Publish(JobContext job, PreparedData prepared, TrainingHistory history, Action<string> write)
    {
        TrainOptions train = job.Configuration.Train;
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, TrainedModel.StageName);
        write(writer.Path);
        File.WriteAllText(writer.File(TrainingHistory.FileName), JsonSerializer.Serialize(history, TrainingHistory.Json));
        return writer.Publish(new StageManifest
        {
            Stage = TrainedModel.StageName,
            Fingerprint = Fingerprint(job, prepared.Directory),
            MadeFrom = MadeFrom(prepared.Directory),
            Configuration = new() { ["Model"] = SettingsJson.All(job.Configuration.Model), ["Train"] = SettingsJson.All(train) },
            Seed = train.Seed,
            Rows = new() { ["users"] = prepared.Directory.Manifest.Rows["users"], ["items"] = prepared.Directory.Manifest.Rows["items"], ["epochs"] = history.Epochs.Count, ["best_epoch"] = history.BestEpoch },
        });
    }

    private static bool AvoidsHeldOut(JobContext job) => job.Configuration.Prepare.NegativesAvoid == "touched";

    private static SortedDictionary<string, string> MadeFrom(StageDirectory prepared) => new() { [PreparedData.StageName] = prepared.Manifest.Fingerprint };

    /// <summary>NDCG@10 of held-out rows over the whole catalogue, without what was trained on.</summary>
    public static (RankingEvaluator Ranking, Func<ModelWeights, double> Validate) Validation(InteractionRows heldOut, TrainingSet set, TrainOptions train)
    {
        (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
        var ranking = new RankingEvaluator(InteractionLists.FromRows(set.UserCount, users, items), heldOut, [10], users: train.ValidationUsers, seed: train.Seed);
        return (ranking, weights =>
        {
            using IModelScorer scorer = Scorers.Of(weights, train);
            return ranking.Evaluate(scorer, train.Threads, SilentProgress.Instance)["ndcg@10"];
        });
    }
}
