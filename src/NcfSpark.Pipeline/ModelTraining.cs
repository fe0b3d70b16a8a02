using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Pipeline;

/// <summary>Trains a network on prepared rows, by one worker or several, as threads, processes or tasks of Spark, and writes a model's directory.</summary>
/// <param name="Context">Receives the model; the job's configuration describes the network.</param>
/// <param name="From">The night whose model is the first weights; null for random weights.</param>
public sealed record ModelTraining(StageContext Context, PreparedData Prepared, TrainOptions Train, Incumbent? From)
{
    /// <summary>Whether held-out rows are trained on, too. Then nothing is left to validate on.</summary>
    public bool TrainsOnHeldOut { get; init; }

    /// <summary>Half-life of the popularity list of users of whom nothing is known, as <see cref="HalfLifeHours"/> has it; null: it is chosen.</summary>
    public long? PopularityHalfLifeHours { get; init; }

    /// <summary>That half-life among the counts of a model's manifest; not there where all times count alike.</summary>
    public const string HalfLifeHours = "popularity_half_life_hours";

    /// <summary>Trains to the end, from the last checkpoint if there is one.</summary>
    /// <param name="fingerprint">The fingerprint of the stage, which names its checkpoints.</param>
    public StageCounts Run(string fingerprint)
    {
        CheckpointStore checkpoints = CheckpointStore.Open(Job.RunDirectory, fingerprint);
        Context.WhenPublished = checkpoints.Delete;
        return Train is { Workers: 1, Placement: Placement.Threads } ? RunAlone(checkpoints) : RunByWorkers(checkpoints);
    }

    /// <summary>Threads of each worker of this machine.</summary>
    public static int ThreadsOfWorker(TrainOptions train) => Math.Max(1, (train.Threads == 0 ? Environment.ProcessorCount : train.Threads) / train.Workers);

    private JobContext Job => Context.Job;

    private StageManifest Manifest => Prepared.Directory.Manifest;

    private ModelOptions Network => Job.Configuration.Model;

    private bool Validates => !TrainsOnHeldOut && Manifest.Rows.GetValueOrDefault("validation") > 0;

    private bool AvoidsHeldOut => TrainsOnHeldOut || Job.Configuration.Prepare.NegativesAvoid == AvoidedItems.Touched;

    private int HeldOutNegatives => Train.Negatives == NegativeSource.Stored ? Job.Configuration.Prepare.NegativesPerPositive : 0;

    private string[] FeatureNames => Network.HasItemFeatures && Prepared.HasItemFeatures ? Prepared.ReadItemFeatures().Names : [];

    private FeatureLists? Features => Network.HasItemFeatures ? TrainingSet.FeaturesOf(Prepared, TrainsOnHeldOut) : null;

    private Func<ModelWeights>? Initial => From is null ? null
        : () => WarmStart.From(TrainedModel.Read(From.Model), Network, Prepared.ReadUsers(), Prepared.ReadItems(), Features, FeatureNames);

    private StageCounts RunAlone(CheckpointStore checkpoints)
    {
        Func<ModelWeights, double>? validate = null; // of the training set, which nothing here keeps
        var trainer = new Trainer(Network, Train, checkpoints, Validates ? weights => validate!(weights) : null, Job.Progress, Job.Time)
        {
            Initial = Initial?.Invoke(),
        };
        TrainingResult result = trainer.Train(ReadSet, Job.Cancellation);
        (IdTable users, IdTable items) = Ids();
        var model = new TrainedModel(result.Weights, users, items);
        model.Write(Context.Writer.Path, Job.Configuration.Prepare.Shards);
        return Write(new TrainingLog(result.BestEpoch, result.Epochs));

        TrainingSet ReadSet()
        {
            TrainingSet set = TrainsOnHeldOut ? TrainingSet.ReadWhole(Prepared, HeldOutNegatives, Train.Seed) : TrainingSet.Read(Prepared, AvoidsHeldOut);
            set = set with { Features = Features };
            if (Validates) validate = WorkerRows.Validation(Prepared.ReadHeldOut("validation"), set, Train).Validate;
            return set;
        }
    }

    private StageCounts RunByWorkers(CheckpointStore checkpoints)
    {
        var setup = new WorkerSetup
        {
            Model = Network,
            Train = Train,
            Shards = Job.Configuration.Prepare.Shards,
            UserCount = (int)Manifest.Rows["users"],
            ItemCount = (int)Manifest.Rows["items"],
            Features = Features,
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
            Placement.Spark => SparkTraining.Run(Job, Prepared.Directory, setup, training),
            Placement.Processes => training.RunProcesses(WorkerJob.Command, Job.Cancellation),
            _ => training.RunThreads(Job.Cancellation),
        };
        foreach (string file in Directory.GetFiles(result.ModelDirectory, "*", SearchOption.AllDirectories))
        {
            string to = Context.Writer.File(Path.GetRelativePath(result.ModelDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        (IdTable users, IdTable items) = Ids();
        TrainedModel.WriteIds(Context.Writer.Path, users, items);
        return Write(new TrainingLog(result.BestEpoch, result.Epochs) { Workers = result.Workers });
    }

    // With the number of interactions that were trained on.
    private (IdTable Users, IdTable Items) Ids()
    {
        (IdTable users, IdTable items) = (Prepared.ReadUsers(), Prepared.ReadItems());
        if (!TrainsOnHeldOut) return (users, items);
        InteractionRows validation = Prepared.ReadHeldOut("validation"), test = Prepared.ReadHeldOut("test");
        return (users.WithMoreInteractions([.. validation.Users, .. test.Users]), items.WithMoreInteractions([.. validation.Items, .. test.Items],
            InteractionRows.Concat(validation, test).Weights));
    }

    private StageCounts Write(TrainingLog log)
    {
        if (FeatureNames is { Length: > 0 } names) TrainedModel.WriteFeatures(Context.Writer.Path, names);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            ["users"] = Manifest.Rows["users"],
            ["items"] = Manifest.Rows["items"],
            ["epochs"] = log.Epochs.Count,
            [TrainStage.BestEpoch] = log.BestEpoch,
        };
        if (Prepared.IsSplitByTime && WriteRecentUses() is > 0 and var hours) counts[HalfLifeHours] = hours;
        return log.Write(Context.Writer, counts);
    }

    private long WriteRecentUses()
    {
        EvaluationData data = EvaluationData.From(Prepared);
        long hours = PopularityHalfLifeHours ?? NewcomerPopularity.HalfLifeHours(data, new EvaluateOptions { Threads = Train.Threads, Seed = Train.Seed });
        if (hours == 0) return 0;
        InteractionRows rows = TrainsOnHeldOut ? data.All : data.Train;
        TrainedModel.WriteRecentUses(Context.Writer.Path, NewcomerPopularity.Uses(rows, data.ItemInteractions.Length, hours));
        return hours;
    }
}

/// <summary>training_log.json of a model's directory.</summary>
/// <param name="BestEpoch">The epoch whose weights the model has, from 1.</param>
internal sealed record TrainingLog(int BestEpoch, IReadOnlyList<EpochRecord> Epochs)
{
    public const string FileName = "training_log.json";

    /// <summary>What each worker did in each epoch; empty where there was no server.</summary>
    public IReadOnlyList<WorkerRecord> Workers { get; init; } = [];

    /// <summary>Writes it into a model's directory, whose counts it hands on.</summary>
    public StageCounts Write(IStageWriter model, SortedDictionary<string, long> counts)
    {
        File.WriteAllText(model.File(FileName), JsonSerializer.Serialize(this, Json));
        return new StageCounts(counts);
    }

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
}
