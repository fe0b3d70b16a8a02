using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

public sealed class PastItemsTests
{
    /// <summary>The law that all rests on, against the log itself.</summary>
    [Property(MaxTest = 200)]
    public void ARowsPoolHoldsWhatTheUserDidBeforeAndNeitherItsOwnNorALaterItem(int seed, byte times, bool stored)
    {
        TrainingSet set = HistoryLogs.Random(seed, times: 1 + times % 20, negatives: stored ? 2 : 0);
        var past = new PastItems(set);
        int[] positives = [.. Enumerable.Range(0, set.Rows.Count).Where(row => set.Labels[row] == 1)];
        for (int row = 0; row < set.Rows.Count; row++)
        {
            (int user, int item, long time) = (set.Rows.Users[row], set.Rows.Items[row], set.Rows.Timestamps[row]);
            int[] pool = past.Items[past.StartOf(user)..past.RowEnds[row]];
            int[] OfUser(Func<long, bool> when) =>
                [.. positives.Where(other => set.Rows.Users[other] == user && when(set.Rows.Timestamps[other])).Select(other => set.Rows.Items[other])];
            int[] earlier = OfUser(other => other < time), same = OfUser(other => other == time);
            Assert.Equal(earlier.Order(), pool[..earlier.Length].Order());
            int[] ofTheSameTime = pool[earlier.Length..];
            Assert.Empty(ofTheSameTime.Except(same));
            if (set.Labels[row] == 1) Assert.DoesNotContain(item, pool);
            if (set.Labels.Contains(0)) Assert.Empty(ofTheSameTime);
        }
    }

    /// <summary>So that of two items of one second exactly one is in the other's pool: no one knows of what is to come.</summary>
    [Property(MaxTest = 100)]
    public void NoTwoRowsAreInEachOthersPools(int seed, byte times)
    {
        TrainingSet set = HistoryLogs.Random(seed, times: 1 + times % 5);
        var past = new PastItems(set);
        for (int user = 0; user < set.UserCount; user++)
        {
            int[] ends = [.. Enumerable.Range(0, set.Rows.Count).Where(row => set.Rows.Users[row] == user)
                .Select(row => past.RowEnds[row] - past.StartOf(user)).Order()];
            Assert.Equal(Enumerable.Range(0, ends.Length), ends);
        }
    }

    /// <summary>A row's temporal features follow from its pool alone.</summary>
    [Property(MaxTest = 100)]
    public void ARowsTemporalFeaturesAreThoseOfItsPoolAndOfNothingLater(int seed, byte times, bool stored)
    {
        TrainingSet set = HistoryLogs.Random(seed, times: 1 + times % 20, negatives: stored ? 2 : 0);
        var past = new PastItems(set);
        var timeOf = Enumerable.Range(0, set.Rows.Count).Where(row => set.Labels[row] == 1)
            .ToDictionary(row => (set.Rows.Users[row], set.Rows.Items[row]), row => set.Rows.Timestamps[row]);
        long[] TimesOf(int user, Range places) => Array.ConvertAll(past.Items[places], item => timeOf[(user, item)]);
        for (int row = 0; row < set.Rows.Count; row++)
        {
            int user = set.Rows.Users[row];
            Assert.Equal(TemporalFeatures.Of(TimesOf(user, past.StartOf(user)..past.RowEnds[row])), past.FeatureBits[past.RowEnds[row]]);
        }

        UserPools latest = past.Latest(3);
        for (int user = 0; user < set.UserCount; user++)
        {
            Assert.Equal(TemporalFeatures.Of(TimesOf(user, past.StartOf(user)..past.StartOf(user + 1))), latest.TemporalFeatures_U[user]);
        }
    }

    /// <summary>Sorting each user's rows gives what sorting all rows at once gave, in whatever order they are.</summary>
    [Property(MaxTest = 100)]
    public void EachUsersOrderIsThatOfOneSortOfAllRows(int seed, byte times, bool stored)
    {
        TrainingSet set = HistoryLogs.Random(seed, times: 1 + times % 20, negatives: stored ? 2 : 0);
        RandomStream shuffle = RandomStream.Named(seed, "shuffle"), ties = RandomStream.Named(0, "ties of histories");
        int[] order = [.. Enumerable.Range(0, set.Rows.Count).OrderBy(row => shuffle.Bits(row))];
        (InteractionRows rows, int[] labels) = (set.Rows.Take(order), Array.ConvertAll(order, row => set.Labels[row]));
        int[] sorted = [.. Enumerable.Range(0, rows.Count).Where(row => labels[row] == 1).OrderBy(row => rows.Timestamps[row])
            .ThenBy(row => ties.Bits(((long)rows.Users[row] << 32) | (uint)rows.Items[row]))];
        InteractionLists places = UserPools.InOrder(set.UserCount, rows, labels);
        for (int user = 0; user < set.UserCount; user++) Assert.Equal(sorted.Where(row => rows.Users[row] == user), places[user].ToArray());
    }

    [Fact]
    public void TiesAreInNoOrderOfIds()
    {
        TrainingSet set = HistoryLogs.Random(1, users: 200, times: 1);
        var past = new PastItems(set);
        int rising = 0, pairs = 0;
        for (int user = 0; user < set.UserCount; user++)
        {
            int[] items = past.Latest(25)[user].ToArray();
            for (int k = 1; k < items.Length; k++, pairs++) rising += items[k] > items[k - 1] ? 1 : 0;
        }

        Assert.InRange(rising / (double)pairs, 0.47, 0.53);
    }

    [Property(MaxTest = 60)]
    public void SamplesHaveThePoolOfTheirPositive(int seed, PositiveInt start, PositiveInt count)
    {
        TrainingSet set = HistoryLogs.Random(seed);
        var past = new PastItems(set);
        var options = PlainOptions.Train with { Negatives = NegativeSource.Resampled, NegativesPerPositive = 3 };
        using var samples = new ResampledSamples(set, options, past);
        int from = (int)(start.Get % samples.Count), length = (int)Math.Min(samples.Count - from, 1 + count.Get % 300);
        int[] users = new int[length], items = new int[length], ends = new int[length];
        float[] labels = new float[length], weights = new float[length];
        samples.InEpoch(2).Fill(from, users, items, labels, weights);
        samples.InEpoch(2).FillPastEnds(from, ends);
        for (int b = 0; b < length; b++)
        {
            Assert.Equal((from + b) % samples.GroupSize == 0 || set.Avoided[users[b]].Length == set.ItemCount, labels[b] == 1);
            if ((from + b) % samples.GroupSize > 0 && b > 0) Assert.Equal((users[b - 1], ends[b - 1]), (users[b], ends[b]));
            if (labels[b] == 0) continue;
            int row = Enumerable.Range(0, set.Rows.Count).Single(row => set.Rows.Users[row] == users[b] && set.Rows.Items[row] == items[b]);
            Assert.Equal(past.RowEnds[row], ends[b]);
        }
    }

    [Fact]
    public void EveryPositiveIsInAnEpochOnceWithItsNegatives()
    {
        TrainingSet set = HistoryLogs.Random(3);
        using var samples = new ResampledSamples(
            set, PlainOptions.Train with { Negatives = NegativeSource.Resampled, NegativesPerPositive = 2 }, new PastItems(set));
        int count = (int)samples.Count;
        int[] users = new int[count], items = new int[count];
        float[] labels = new float[count], weights = new float[count];
        samples.InEpoch(0).Fill(0, users, items, labels, weights);
        var positives = Enumerable.Range(0, count).Where(b => b % 3 == 0).Select(b => (users[b], items[b]));
        Assert.Equal(Enumerable.Range(0, set.Rows.Count).Select(row => (set.Rows.Users[row], set.Rows.Items[row])).Order(), positives.Order());
        for (int b = 0; b < count; b++) Assert.Equal(labels[b] == 1, set.Avoided[users[b]].Contains(items[b]));
    }
}
