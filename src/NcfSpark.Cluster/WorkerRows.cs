using System.Collections;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>What a worker trains on: the prepared rows of its shards alone.</summary>
public static class WorkerRows
{
    /// <summary>Reads from a run directory that the worker reaches.</summary>
    /// <exception cref="InvalidInputException">It is not there, or holds other rows than the server's.</exception>
    public static WorkerData Read(string runDirectory, WorkerSetup setup, WorkerShare share)
    {
        StageDirectory directory = StageDirectory.Open(runDirectory, PreparedData.StageName, name => IsRead(name, share));
        if (directory.Manifest.Fingerprint != setup.Prepared)
        {
            throw new InvalidInputException($"{directory.Path} (worker {share.Worker}) holds other rows than the server's: "
                + $"fingerprint {directory.Manifest.Fingerprint} here, {setup.Prepared} there. Let both read the same run directory.");
        }

        var prepared = new PreparedData(directory);
        TrainingSet set = TrainingSet.Read(prepared, setup.AvoidHeldOut, share);
        if (setup.TrainsOnHeldOut) set = set.WithDisliked(share.RowsOf(prepared.ReadDisliked(later: true)));
        return DataOf(set, part => share.RowsOf(prepared.ReadHeldOut(part)), setup, share);
    }

    /// <summary>Of what Spark brought.</summary>
    internal static WorkerData Of(WorkerInput input, WorkerSetup setup, WorkerShare share)
    {
        InteractionRows sampled = input.Of(WorkerPart.Sampled, share), seen = input.Of(WorkerPart.Seen, share);
        InteractionRows validation = PreparedData.InHeldOutOrder(input.Of(WorkerPart.Validation, share));
        InteractionRows test = PreparedData.InHeldOutOrder(input.Of(WorkerPart.Test, share));
        int[] labels = new int[sampled.Count + seen.Count];
        labels.AsSpan(sampled.Count).Fill(1);
        (InteractionRows rows, labels) = PreparedData.InTrainOrder(InteractionRows.Concat(sampled, seen), labels);
        TrainingSet set = TrainingSet.Of(share.UserCount(setup.UserCount), setup.ItemCount, rows, labels, setup.AvoidHeldOut ? [validation, test] : [])
            .WithDisliked(input.Of(WorkerPart.Disliked, share));
        return DataOf(set, part => part == "validation" ? validation : test, setup, share);
    }

    /// <summary>Of a worker's training rows and, by part, its held-out ones.</summary>
    public static WorkerData DataOf(TrainingSet set, Func<string, InteractionRows> heldOut, WorkerSetup setup, WorkerShare share)
    {
        if (!setup.TrainsOnHeldOut) return new WorkerData(set, setup.Validates ? Validation(heldOut("validation"), set, setup, share) : null);
        InteractionRows[] parts = [heldOut("validation"), heldOut("test")];
        return new WorkerData(set.WithHeldOut(parts, setup.HeldOutNegatives, share.SeedOf(setup.Train.Seed)), null);
    }

    /// <summary>Ranks held-out rows among the whole catalogue, without what was trained on; and NDCG@10 by it, of weights.</summary>
    public static (RankingEvaluator Ranking, Func<ModelWeights, double> Validate) Validation(InteractionRows heldOut, TrainingSet set, TrainOptions train)
    {
        (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
        if (OfTrainedUsers(heldOut, set) is { Count: > 0 } known) heldOut = known;
        var ranking = new RankingEvaluator(
            InteractionLists.FromRows(set.UserCount, users, items), heldOut, [10], users: train.ValidationUsers, seed: train.Seed);
        return (ranking, weights =>
        {
            using IModelScorer scorer = Scorers.Of(weights);
            return ranking.Evaluate(scorer, train.Threads, SilentProgress.Instance)["ndcg@10"];
        });
    }

    private static bool IsRead(string name, WorkerShare share)
    {
        const string Shard = "train/shard=";
        return !name.StartsWith(Shard, StringComparison.Ordinal) || (int.Parse(name[Shard.Length..].Split('/')[0]) % share.Workers == share.Worker);
    }

    private static Func<ModelWeights, ValidationScore> Validation(InteractionRows heldOut, TrainingSet set, WorkerSetup setup, WorkerShare share)
    {
        TrainOptions train = setup.Train with { Threads = setup.Threads, ValidationUsers = UsersOf(setup.Train.ValidationUsers, share) };
        heldOut = OfTrainedUsers(heldOut, set);
        if (heldOut.Count == 0 || train.ValidationUsers < 0) return _ => new ValidationScore(0, 0);
        (RankingEvaluator ranking, Func<ModelWeights, double> validate) = Validation(heldOut, set, train);
        return weights => new ValidationScore(validate(weights), ranking.UserCount);
    }

    // New users, whom a split by time has, are scored by popularity, whatever was learned.
    private static InteractionRows OfTrainedUsers(InteractionRows rows, TrainingSet set)
    {
        var trained = new BitArray(set.UserCount);
        foreach (int user in set.Rows.Users) trained[user] = true;
        int[] kept = [.. Enumerable.Range(0, rows.Count).Where(row => trained[rows.Users[row]])];
        return kept.Length == rows.Count ? rows : rows.Take(kept);
    }

    // Its part of the users that are validated on: 0 for all, -1 where there is none for it.
    private static int UsersOf(int all, WorkerShare share)
    {
        if (all == 0) return 0;
        int own = (all - share.Worker + share.Workers - 1) / share.Workers;
        return own > 0 ? own : -1;
    }
}

/// <summary>What a row is that Spark brings a training worker.</summary>
internal enum WorkerPart
{
    /// <summary>Of training: a negative that `prepare` drew (label 0).</summary>
    Sampled,

    /// <summary>Of training: what the user did (label 1).</summary>
    Seen,

    /// <summary>Held out to validate.</summary>
    Validation,

    /// <summary>Held out to test; brought where held-out items are never drawn as negatives, or are trained on.</summary>
    Test,

    /// <summary>Of what the user dislikes, those that are trained on.</summary>
    Disliked,
}
