using System.Collections.Concurrent;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Pipeline;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Tuning;

/// <summary>
/// Trains candidates and ranks the validation rows among the whole catalogue, without the items of training. A user's history then ends just before the
/// validation rows, as when recommending. Such a model must not be tested without its validation rows, or its histories lack the latest items.
/// </summary>
internal sealed class SearchTrials : ITrials
{
    private readonly JobContext job;
    private readonly string directory;
    private readonly TrainingSet set;
    private readonly InteractionRows heldOut;
    private readonly ConcurrentDictionary<WorkerShare, TrainingSet> parts = []; // by worker; the number of workers may be searched
    private readonly RankingEvaluator ranking;
    private readonly TrialJournal journal;
    private readonly IProgressTask progress;
    private double best = double.NegativeInfinity;

    /// <param name="job">The job; its configuration says how many users are validated on.</param>
    /// <param name="directory">Where checkpoints stand, by candidate.</param>
    /// <param name="data">The rows to train and to validate on.</param>
    /// <param name="journal">What was tried before; what is tried now goes there.</param>
    /// <param name="progress">Advances by the seconds of each trial.</param>
    public SearchTrials(JobContext job, string directory, PreparedData data, TrialJournal journal, IProgressTask progress)
    {
        (this.job, this.directory, this.journal, this.progress) = (job, directory, journal, progress);
        set = TrainingSet.Read(data, avoidHeldOut: false) with { Features = TrainingSet.FeaturesOf(data, withHeldOut: false) };
        heldOut = data.ReadHeldOut("validation");
        ranking = WorkerRows.Validation(heldOut, set, job.Configuration.Train).Ranking;
    }

    /// <summary>How many users are validated on.</summary>
    public int ValidationUsers => ranking.UserCount;

    public Trial Run(Candidate candidate, int epochs, int seed, TimeSpan limit)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        Trial? before = journal.Find(candidate.Number, epochs, seed, limit);
        Trial trial = before ?? Make(candidate, epochs, seed, limit);
        if (before is null) journal.Add(trial);
        Tell(candidate, trial, before is not null);
        return trial;
    }

    public void Forget(Candidate candidate, int seed)
    {
        if (Directory.Exists(DirectoryOf(candidate, seed))) Directory.Delete(DirectoryOf(candidate, seed), recursive: true);
    }

    private Trial Make(Candidate candidate, int epochs, int seed, TimeSpan limit)
    {
        long started = job.Time.GetTimestamp();
        using var tooLong = limit == TimeSpan.MaxValue ? new CancellationTokenSource() : new CancellationTokenSource(limit, job.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(tooLong.Token, job.Cancellation);
        try
        {
            TrainOptions train = candidate.Configuration.Train with { Epochs = epochs, Patience = 0, Seed = seed };
            (double ndcg, RankingResult last, int bestEpoch) = Train(candidate, train, stop.Token);
            if (!double.IsFinite(ndcg)) return Ended(null, null, 0, "its scores are not finite");
            MetricInterval? interval = bestEpoch == epochs ? last.WithInterval("ndcg@10", job.Configuration.Evaluate) : null;
            return Ended(ndcg, last["hr@10"], bestEpoch, null) with { Low = interval?.Low, High = interval?.High };
        }
        catch (TrainingDivergedException)
        {
            return Ended(null, null, 0, "diverged");
        }
        catch (OperationCanceledException) when (tooLong.IsCancellationRequested && !job.Cancellation.IsCancellationRequested)
        {
            return Ended(null, null, 0, Trial.TooSlow);
        }

        Trial Ended(double? ndcg, double? hitRate, int bestEpoch, string? failure) =>
            new(candidate.Number, epochs, seed, ndcg, hitRate, bestEpoch, job.Time.GetElapsedTime(started).TotalSeconds, failure);
    }

    private (double Ndcg, RankingResult Last, int BestEpoch) Train(Candidate candidate, TrainOptions train, CancellationToken stop)
    {
        ModelOptions model = candidate.Configuration.Model;
        Directory.CreateDirectory(DirectoryOf(candidate, train.Seed));
        CheckpointStore checkpoints = CheckpointStore.Open(DirectoryOf(candidate, train.Seed), FingerprintOf(candidate, model, train));
        bool validates = candidate.GoesOn; // else only the last epoch counts
        TrainingResult result = train.Workers == 1
            ? TrainAlone(model, train, checkpoints, validates, stop)
            : TrainByWorkers(model, train, checkpoints, validates, stop);
        RankingResult last = Rank(result.Weights, train);
        EpochRecord bestOf = candidate.GoesOn ? result.Epochs.MaxBy(epoch => epoch.ValidationNdcg)! : result.Epochs[^1];
        return (bestOf.ValidationNdcg ?? last["ndcg@10"], last, bestOf.Epoch);
    }

    private TrainingResult TrainAlone(ModelOptions model, TrainOptions train, CheckpointStore checkpoints, bool validates, CancellationToken stop)
    {
        Func<ModelWeights, double>? validate = validates ? weights => Rank(weights, train)["ndcg@10"] : null;
        return new Trainer(model, train, checkpoints, validate, SilentProgress.Instance, job.Time).Train(set, stop);
    }

    // As threads, whatever Train:Placement is: the model is the same.
    private TrainingResult TrainByWorkers(ModelOptions model, TrainOptions train, CheckpointStore checkpoints, bool validates, CancellationToken stop)
    {
        var setup = new WorkerSetup
        {
            Model = model,
            Train = train,
            Shards = job.Configuration.Prepare.Shards,
            UserCount = set.UserCount,
            ItemCount = set.ItemCount,
            Features = set.Features,
            Validates = validates,
            RunDirectory = directory,
            Threads = ModelTraining.ThreadsOfWorker(train),
        };
        var training = new DistributedTraining(setup, checkpoints, Read, SilentProgress.Instance, job.Time);
        DistributedResult result = training.RunThreads(stop);
        return new TrainingResult(TrainedModel.ReadWeights(result.ModelDirectory, model, set.UserCount, set.ItemCount), result.Epochs, result.BestEpoch);

        WorkerData Read(WorkerSetup of, WorkerShare share) => WorkerRows.DataOf(parts.GetOrAdd(share, set.Of), _ => share.RowsOf(heldOut), of, share);
    }

    private RankingResult Rank(ModelWeights weights, TrainOptions train)
    {
        using IModelScorer scorer = Scorers.Of(weights);
        return ranking.Evaluate(scorer, train.Threads, SilentProgress.Instance);
    }

    // Without the number of epochs if more epochs continue from the same checkpoint.
    private static string FingerprintOf(Candidate candidate, ModelOptions model, TrainOptions train) => Stage.FingerprintOf(
        TrainedModel.StageName, [], [("Model", model), ("Train", candidate.GoesOn ? train with { Epochs = 1 } : train)]);

    private string DirectoryOf(Candidate candidate, int seed) => Path.Combine(directory, $"candidate-{candidate.Number}-{seed}");

    private void Tell(Candidate candidate, Trial trial, bool wasThere)
    {
        progress.Advance((long)Math.Round(trial.Seconds));
        if (trial.Ndcg > best) best = trial.Ndcg.Value;
        if (best > 0) progress.Detail($"best {best:F4}");
        if (wasThere) return;
        string came = trial.Failure ?? $"NDCG@10 {trial.Ndcg:F4}{(trial.Ndcg >= best ? " (best so far)" : "")}";
        string what = candidate.Number == 0
            ? "the configuration itself"
            : string.Join(", ", candidate.Settings.Select(setting => $"{setting.Key.Split(':')[^1]} {setting.Value}"));
        string kind = candidate.MostEpochs is null ? "" : $"{candidate.Kind}: ";
        job.Progress.Line($"{candidate.Number,4}, {trial.Epochs} epochs: {came}, {trial.Seconds:F1} s; {kind}{what}");
    }
}
