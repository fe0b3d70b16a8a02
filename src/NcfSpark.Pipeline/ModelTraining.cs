using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Pipeline;

/// <summary>
/// Trains a network on prepared rows, by one worker or several, as threads, processes or tasks of Spark, and publishes the model's directory.
/// </summary>
/// <param name="Job">The job; its configuration says what network.</param>
/// <param name="Train">How the network is fitted.</param>
/// <param name="From">The night whose model is the first weights; null for weights by chance.</param>
public sealed record ModelTraining(JobContext Job, PreparedData Prepared, TrainOptions Train, Incumbent? From)
{
    /// <summary>The stage that the directory is of.</summary>
    public required string Stage { get; init; }

    public required string Fingerprint { get; init; }

    public required SortedDictionary<string, string> MadeFrom { get; init; }

    /// <summary>Whether held-out rows are trained on, too. Then nothing is left to validate on.</summary>
    public bool TrainsOnHeldOut { get; init; }

    /// <summary>Trains to the end, from the last checkpoint if there is one.</summary>
    public StageDirectory Make()
    {
        CheckpointStore checkpoints = CheckpointStore.Open(Job.RunDirectory, Fingerprint);
        StageDirectory published = Train is { Workers: 1, Placement: Placement.Threads } ? MakeAlone(checkpoints) : MakeByWorkers(checkpoints);
        checkpoints.Delete();
        return published;
    }

    /// <summary>Threads of each worker of this machine.</summary>
    public static int ThreadsOfWorker(TrainOptions train) => Math.Max(1, (train.Threads == 0 ? Environment.ProcessorCount : train.Threads) / train.Workers);

    private StageManifest Manifest => Prepared.Directory.Manifest;

    private ModelOptions Network => Job.Configuration.Model;

    private bool Validates => !TrainsOnHeldOut && Manifest.Rows.GetValueOrDefault("validation") > 0;

    private bool AvoidsHeldOut => TrainsOnHeldOut || Job.Configuration.Prepare.NegativesAvoid == AvoidedItems.Touched;

    private int HeldOutNegatives => Train.Negatives == "stored" ? Job.Configuration.Prepare.NegativesPerPositive : 0;

    private Func<ModelWeights>? Initial =>
        From is null ? null : () => WarmStart.From(TrainedModel.Read(From.Model), Network, Prepared.ReadUsers(), Prepared.ReadItems());

    private StageDirectory MakeAlone(CheckpointStore checkpoints)
    {
        TrainingSet set = TrainsOnHeldOut ? TrainingSet.ReadWhole(Prepared, HeldOutNegatives, Train.Seed) : TrainingSet.Read(Prepared, AvoidsHeldOut);
        Func<ModelWeights, double>? validate = Validates ? WorkerRows.Validation(Prepared.ReadHeldOut("validation"), set, Train).Validate : null;
        var trainer = new Trainer(Network, Train, checkpoints, validate, Job.Progress, Job.Time) { Initial = Initial?.Invoke() };
        TrainingResult result = trainer.Train(set, Job.Cancellation);
        (IdTable users, IdTable items) = Ids();
        var model = new TrainedModel(result.Weights, users, items);
        return Publish(new TrainingHistory(result.BestEpoch, result.History), directory => model.Write(directory, Job.Configuration.Prepare.Shards));
    }

    private StageDirectory MakeByWorkers(CheckpointStore checkpoints)
    {
        var setup = new WorkerSetup
        {
            Model = Network,
            Train = Train,
            Shards = Job.Configuration.Prepare.Shards,
            UserCount = (int)Manifest.Rows["users"],
            ItemCount = (int)Manifest.Rows["items"],
            AvoidHeldOut = AvoidsHeldOut,
            TrainsOnHeldOut = TrainsOnHeldOut,
            HeldOutNegatives = TrainsOnHeldOut ? HeldOutNegatives : 0,
            Validates = Validates,
            RunDirectory = Path.GetFullPath(Job.RunDirectory),
            Prepared = Manifest.Fingerprint,
            Threads = ThreadsOfWorker(Train),
        };
        Func<WorkerSetup, WorkerShare, WorkerData> read = (of, share) => WorkerRows.Read(of.RunDirectory, of, share);
        var training = new DistributedTraining(setup, checkpoints, read, Job.Progress, Job.Time) { Initial = Initial };
        DistributedResult result = Train.Placement switch
        {
            Placement.Spark => SparkTraining.Run(Job, Manifest, setup, training),
            Placement.Processes => training.RunProcesses(WorkerJob.Command, Job.Cancellation),
            _ => training.RunThreads(Job.Cancellation),
        };
        return Publish(new TrainingHistory(result.BestEpoch, result.History) { Workers = result.Workers }, directory =>
        {
            foreach (string file in Directory.GetFiles(result.ModelDirectory, "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(directory, Path.GetRelativePath(result.ModelDirectory, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }

            (IdTable users, IdTable items) = Ids();
            TrainedModel.WriteIds(directory, users, items);
        });
    }

    // With the interactions that were trained on.
    private (IdTable Users, IdTable Items) Ids()
    {
        (IdTable users, IdTable items) = (Prepared.ReadUsers(), Prepared.ReadItems());
        if (!TrainsOnHeldOut) return (users, items);
        InteractionRows validation = Prepared.ReadHeldOut("validation"), test = Prepared.ReadHeldOut("test");
        return (users.WithMoreInteractions([.. validation.Users, .. test.Users]), items.WithMoreInteractions([.. validation.Items, .. test.Items]));
    }

    private StageDirectory Publish(TrainingHistory history, Action<string> write)
    {
        using StageWriter writer = StageWriter.Begin(Job.RunDirectory, Stage);
        write(writer.Path);
        File.WriteAllText(writer.File(TrainingHistory.FileName), JsonSerializer.Serialize(history, TrainingHistory.Json));
        return writer.Publish(new StageManifest
        {
            Stage = Stage,
            Fingerprint = Fingerprint,
            MadeFrom = MadeFrom,
            Configuration = new() { ["Model"] = SettingsJson.All(Network), ["Train"] = SettingsJson.All(Job.Configuration.Train) },
            Seed = Job.Configuration.Train.Seed,
            Rows = new()
            {
                ["users"] = Manifest.Rows["users"],
                ["items"] = Manifest.Rows["items"],
                ["epochs"] = history.Epochs.Count,
                [TrainJob.BestEpoch] = history.BestEpoch,
            },
        });
    }
}
