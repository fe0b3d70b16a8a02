using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests;

/// <summary>What weights and dislikes of the prepared rows become in samples.</summary>
public sealed class WeightedSamplesTests
{
    [Fact]
    public void APositiveAndItsNegativesWeighAsThePositiveAtAMeanOfOne()
    {
        TrainingSet set = Logs.Of(2, 9, [(0, 1), (0, 2), (1, 3)]);
        set = set with { Rows = set.Rows with { Weights = [1, 10, 1] } };
        using var samples = new ResampledSamples(set, Fresh(3));
        Batch epoch = Epoch(samples, 0);
        Assert.Equal(4, epoch.Weights.Count(weight => Math.Abs(weight - 2.5f) < 1e-6));
        Assert.Equal(8, epoch.Weights.Count(weight => Math.Abs(weight - 0.25f) < 1e-6));

        // Times recency: user 0's first row is one older than the second.
        TrainOptions recent = Fresh(3) with { RecencyScale = 2, RecencyFloor = 0.1 };
        set = set with { Rows = set.Rows with { Timestamps = [5, 6, 5] } };
        double old = 0.1 + 0.9 * Math.Exp(-0.5), mean = (old + 10 + 1) / 3;
        Assert.Equal([(float)(old / mean), (float)(10 / mean), (float)(1 / mean)], SampleWeights.Of(set, recent)!);
    }

    [Property(MaxTest = 100)]
    public void EveryDislikeIsDrawnInEveryEpochWithinANegativesRoom(int seed, PositiveInt negatives, bool history)
    {
        int n = 1 + negatives.Get % 5;
        TrainingSet set = HistoryLogs.Weighted(HistoryLogs.Random(seed, 12, 20), seed), without = set with { Disliked = null };
        TrainOptions options = Fresh(n) with { BatchSize = 6 * (n + 1) };
        PastItems? past = history ? new PastItems(set) : null;
        using var samples = new ResampledSamples(set, options, past);
        using var plain = new ResampledSamples(without, options, past);
        for (int e = 0; e < 2; e++)
        {
            Batch epoch = Epoch(samples, e), other = Epoch(plain, e);
            var drawn = Enumerable.Range(0, epoch.Count).Where(b => epoch.Labels[b] == 0).Select(b => (epoch.Users[b], epoch.Items[b])).ToHashSet();
            for (int user = 0; set.Disliked is { } disliked && user < set.UserCount; user++)
            {
                int positives = set.Avoided[user].Length;
                if (disliked[user].Length <= positives * n) Assert.All(disliked[user].ToArray(), item => Assert.Contains((user, item), drawn));
            }

            // Nothing else changes: samples of users without dislikes, positives, weights.
            for (int b = 0; b < epoch.Count; b++)
            {
                Assert.Equal((other.Users[b], other.Weights[b]), (epoch.Users[b], epoch.Weights[b]));
                if (other.Labels[b] == 1 && other.Items[b] == epoch.Items[b]) continue;
                if (set.Disliked is null || set.Disliked[epoch.Users[b]].IsEmpty) Assert.Equal(other.Items[b], epoch.Items[b]);
                else if (epoch.Items[b] != other.Items[b]) Assert.Contains(epoch.Items[b], set.Disliked[epoch.Users[b]].ToArray());
            }
        }
    }

    /// <summary>Item 1 was used once, with a weight of 98; item 0 twice with 1 each, item 2 never.</summary>
    [Fact]
    public void NegativesByPopularityGoByWhatInteractionsWeigh()
    {
        TrainingSet set = Logs.Of(3, 3, [(0, 0), (1, 0), (2, 1)]);
        set = set with { Rows = set.Rows with { Weights = [1, 1, 98] } };
        using var samples = new ResampledSamples(set, Fresh(5_000) with { Negatives = NegativeSource.Popularity, NegativePopularity = 1 });
        Batch epoch = Epoch(samples, 0);
        int Drawn(int item) => epoch.Items.Zip(epoch.Labels).Count(sample => sample == (item, 0f));
        Assert.InRange(Drawn(1) / 15_000.0, 98 / 101.0 - 0.01, 98 / 101.0 + 0.01);
        Assert.InRange(Drawn(0) / 15_000.0, 2 / 101.0 - 0.005, 2 / 101.0 + 0.005);
    }

    [Property(MaxTest = 50)]
    public void WorkersTogetherHaveTheTotalsAndDislikesOfOne(int seed, PositiveInt workers)
    {
        const int Shards = 6;
        TrainingSet whole = HistoryLogs.Weighted(HistoryLogs.Random(seed, 14, 20), seed);
        TrainOptions options = Fresh(2) with { Negatives = NegativeSource.Popularity };
        int count = 1 + workers.Get % Shards;
        (WorkerShare Share, TrainingSet Set)[] parts = [.. Enumerable.Range(0, count).Select(worker => new WorkerShare(Shards, count, worker))
            .Select(share => (share, whole.Of(share)))];
        var all = SampleTotals.Sum(parts.Select(part => SampleTotals.Of(part.Set, options)));
        SampleTotals expected = SampleTotals.Of(whole, options);
        Assert.Equal(expected.Positives, all.Positives);
        Assert.Equal(expected.ItemUses, all.ItemUses);
        Assert.Equal(expected.RecencySum, all.RecencySum, 1e-9 * expected.RecencySum);
        foreach ((WorkerShare share, TrainingSet set) in parts)
        {
            for (int user = 0; whole.Disliked is not null && user < set.UserCount; user++)
            {
                Assert.Equal(whole.Disliked[share.Global(user)].ToArray(), set.Disliked![user].ToArray());
            }
        }
    }

    [Fact]
    public void ARefitTrainsOnHeldOutRowsWithTheirWeights()
    {
        TrainingSet set = Logs.Of(2, 5, [(0, 0), (1, 1)]);
        set = set with { Rows = set.Rows with { Weights = [2, 3] } };
        TrainingSet refit = set.WithHeldOut([new([0], [4], [9]) { Weights = [7] }], storedNegatives: 1, seed: 1);
        Assert.Equal([2f, 3f, 7f, 7f], refit.Rows.Weights!); // the last is the negative drawn for it
    }

    private static TrainOptions Fresh(int negatives) =>
        PlainOptions.Train with { Negatives = NegativeSource.Resampled, NegativesPerPositive = negatives, Seed = 4 };

    private static Batch Epoch(ISampleSource samples, int epoch)
    {
        var batch = new Batch((int)samples.Count) { Epoch = epoch, Count = (int)samples.Count };
        batch.FillFrom(samples);
        return batch;
    }
}
