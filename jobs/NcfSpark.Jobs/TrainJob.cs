using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Jobs.Cluster;
using NcfSpark.Jobs.Nights;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

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

    /// <param name="job">The job.</param>
    /// <param name="prepared">What is trained on.</param>
    /// <param name="from">The night that training starts from; null for a cold start.</param>
    public static string Fingerprint(JobContext job, StageDirectory prepared, EarlierNight? from = null) => StageManifest.FingerprintOf(
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
    public static StageDirectory Make(JobContext job, StageDirectory directory, EarlierNight? from = null)
    {
        SparkTraining.Check(job);
        var prepared = new PreparedData(directory);
        TrainOptions train = OptionsOf(job, from);
        if (train.Negatives == "stored" && directory.Manifest.Rows["train"] == directory.Manifest.Rows["train_positives"])
        {
            throw new InvalidInputException($"{directory.Path} holds no negatives, so Train:Negatives \"stored\" has nothing to tell positives from. Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0 and run `prepare` again.");
        }

        return train.Workers == 1 && train.Where == "threads" ? MakeAlone(job, prepared, train, from) : MakeByWorkers(job, prepared, train);
    }

    private static StageDirectory MakeAlone(JobContext job, PreparedData prepared, TrainOptions train, EarlierNight? from)
    {
        ModelOptions model = job.Configuration.Model;
        TrainingSet set = TrainingSet.Read(prepared, AvoidsHeldOut(job));
        job.Progress.Line($"Training {model.Kind} on {set.Rows.Count:N0} rows of {set.UserCount:N0} users and {set.ItemCount:N0} items; step {train.Step}{(from is null ? "" : $"; from the model of {from.Name}")}.");
        string fingerprint = Fingerprint(job, prepared.Directory, from);
        CheckpointStore checkpoints = CheckpointStore.Open(job.RunDirectory, fingerprint);
        InteractionRows heldOut = prepared.ReadHeldOut("validation");
        var trainer = new Trainer(model, train, checkpoints, heldOut.Count == 0 ? null : Validation(heldOut, set, train).Validate, job.Progress, job.Time) { Initial = InitialOf(model, prepared, from) };
        TrainingResult result = trainer.Train(set, job.Cancellation);
        StageDirectory published = Publish(job, TrainedModel.StageName, fingerprint, MadeFrom(prepared.Directory, from), new TrainedModel(result.Weights, prepared.ReadUsers(), prepared.ReadItems()), result);
        checkpoints.Delete();
        return published;
    }

    private static StageDirectory MakeByWorkers(JobContext job, PreparedData prepared, TrainOptions train)
    {
        ModelOptions model = job.Configuration.Model;
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
        string fingerprint = Fingerprint(job, prepared.Directory);
        CheckpointStore checkpoints = CheckpointStore.Open(job.RunDirectory, fingerprint);
        var training = new DistributedTraining(setup, checkpoints, (of, share) => WorkerRows.Read(of.RunDirectory, of, share), job.Progress, job.Time);
        DistributedResult result = train.Where switch
        {
            "spark" => SparkTraining.Run(job, manifest, setup, training),
            "processes" => training.RunProcesses(WorkerJob.Command, job.Cancellation),
            _ => training.RunThreads(job.Cancellation),
        };
        StageDirectory published = Publish(job, TrainedModel.StageName, fingerprint, MadeFrom(prepared.Directory), (setup.UserCount, setup.ItemCount), new TrainingHistory(result.BestEpoch, result.History) { Workers = result.Workers }, directory =>
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

    /// <summary>Writes a model's directory.</summary>
    public static StageDirectory Publish(JobContext job, string stage, string fingerprint, SortedDictionary<string, string> madeFrom, TrainedModel model, TrainingResult result) =>
        Publish(job, stage, fingerprint, madeFrom, (model.Users.Count, model.Items.Count), new TrainingHistory(result.BestEpoch, result.History), directory => model.Write(directory, job.Configuration.Prepare.Shards));

    private static StageDirectory Publish(JobContext job, string stage, string fingerprint, SortedDictionary<string, string> madeFrom, (int Users, int Items) counts, TrainingHistory history, Action<string> write)
    {
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, stage);
        write(writer.Path);
        File.WriteAllText(writer.File(TrainingHistory.FileName), JsonSerializer.Serialize(history, TrainingHistory.Json));
        return writer.Publish(new StageManifest
        {
            Stage = stage,
            Fingerprint = fingerprint,
            MadeFrom = madeFrom,
            Configuration = new() { ["Model"] = SettingsJson.All(job.Configuration.Model), ["Train"] = SettingsJson.All(job.Configuration.Train) },
            Seed = job.Configuration.Train.Seed,
            Rows = new() { ["users"] = counts.Users, ["items"] = counts.Items, ["epochs"] = history.Epochs.Count, [BestEpoch] = history.BestEpoch },
        });
    }

    private static bool AvoidsHeldOut(JobContext job) => job.Configuration.Prepare.NegativesAvoid == "touched";

    /// <summary>The weights to start from; null for a cold start.</summary>
    public static ModelWeights? InitialOf(ModelOptions model, PreparedData prepared, EarlierNight? from) =>
        from is null ? null : WarmStart.From(TrainedModel.Read(from.Model), model, prepared.ReadUsers(), prepared.ReadItems());

    /// <summary>The options of training; a warm start has epochs of its own.</summary>
    public static TrainOptions OptionsOf(JobContext job, EarlierNight? from) =>
        from is not null && job.Configuration.Nightly.WarmEpochs > 0 ? job.Configuration.Train with { Epochs = job.Configuration.Nightly.WarmEpochs } : job.Configuration.Train;

    private static SortedDictionary<string, string> MadeFrom(StageDirectory prepared, EarlierNight? from = null)
    {
        var made = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared.Manifest.Fingerprint };
        if (from is not null) made[WarmStartKey] = from.Model.Manifest.Fingerprint;
        return made;
    }

    /// <summary>NDCG@10 of held-out rows over the whole catalogue, without what was trained on.</summary>
    public static (RankingEvaluator Ranking, Func<ModelWeights, double> Validate) Validation(InteractionRows heldOut, TrainingSet set, TrainOptions train)
    {
        (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
        var ranking = new RankingEvaluator(InteractionLists.FromRows(set.UserCount, users, items), heldOut, [10], users: train.ValidationUsers, seed: train.Seed);
        return (ranking, weights =>
        {
            using IModelScorer scorer = Scorers.Of(weights);
            return ranking.Evaluate(scorer, train.Threads, SilentProgress.Instance)["ndcg@10"];
        });
    }
}
