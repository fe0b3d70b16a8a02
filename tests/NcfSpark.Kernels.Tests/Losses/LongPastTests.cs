using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

/// <summary>The sampled softmax, where one user has far more items than a batch has samples.</summary>
public sealed class LongPastTests
{
    private const int Groups = 8, GroupSize = 4, Users = 5;

    private static readonly NetworkShape Shape = new()
    {
        GmfSize = 8,
        Biases = true,
        TrainedGmfHead = false,
        History = new() { Length = 3, Shares = [[], [1], [0.6f, 0.4f], [0.5f, 0.3f, 0.2f]], Factor = 2, Hidden = 8, Lags = 2 },
    };

    /// <summary>
    /// Sets for all users, for no user, and for the heavy user only give the same model to the bit, with every
    /// instruction set that this processor has.
    /// </summary>
    [Property(MaxTest = 20)]
    public void ASetLeavesOutWhatWalkingThroughTheItemsLeavesOut(int seed, bool wide)
    {
        Log log = Log.Random(seed, heavy: 300, itemCount: wide ? 100_000 : 400);
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            float[] walked = Train(log, level, threads: 1, longPast: int.MaxValue).Model;
            Assert.Equal(walked, Train(log, level, threads: 1, longPast: 0).Model);
            Assert.Equal(walked, Train(log, level, threads: 1, longPast: null).Model);
        }
    }

    [Fact]
    public void AHeavyUserGivesTheSameBytesForAnyNumberOfThreads()
    {
        Log log = Log.Random(1, heavy: 2000, itemCount: 3000);
        float[] alone = Train(log, SimdLevels.Best, threads: 1, longPast: null, groups: 40).Model;
        foreach (int threads in new[] { 2, 5 }) Assert.Equal(alone, Train(log, SimdLevels.Best, threads, longPast: null, groups: 40).Model);
    }

    /// <summary>
    /// An epoch over n rows of one user once took n² lookups. Now a group takes at most as many as its batch has samples.
    /// </summary>
    [Property(MaxTest = 20)]
    public void WhatAnEpochLooksAtIsLinearInOneUsersRows(int seed, PositiveInt rows)
    {
        int heavy = 100 + rows.Get * 10;
        Log log = Log.Random(seed, heavy, itemCount: 2 * heavy);
        (_, long lookups, long groups) = Train(log, SimdLevels.Best, threads: 1, longPast: null);
        Assert.InRange(lookups, 1, groups * Groups * GroupSize);
    }

    [Fact]
    public void TwiceTheRowsOfOneUserAreTwiceTheLooks()
    {
        long Lookups(int heavy) => Train(Log.Random(3, heavy, itemCount: 10_000), SimdLevels.Best, threads: 1, longPast: null).Lookups;
        Assert.InRange(Lookups(4000) / (double)Lookups(2000), 1.8, 2.05);
    }

    private static (float[] Model, long Lookups, long Groups) Train(Log log, SimdLevel level, int threads, int? longPast, int groups = Groups)
    {
        var settings = new StepSettings
        {
            Shape = Shape,
            UserCount = Users,
            ItemCount = log.ItemCount,
            BatchSize = groups * GroupSize,
            Threads = threads,
            Level = level,
            Histories = new(log.Past, log.Starts, []),
            GroupSize = GroupSize,
            PlainRows = true,
            Softmax = new(ExceptTouched: true, Negatives: 50),
        };
        using var step = new UserHistoryStep(settings, longPast);
        (int size, UserHistoryShape history) = (Shape.GmfSize, Shape.History!);
        (ModelPart Part, int Layer, int Size)[] parts =
        [
            (ModelPart.UserGmf, 0, Users * size), (ModelPart.ItemGmf, 0, log.ItemCount * size), (ModelPart.ItemHistory, 0, log.ItemCount * size),
            (ModelPart.UserBias, 0, Users), (ModelPart.ItemBias, 0, log.ItemCount),
            (ModelPart.UserLayerWeight, 0, history.Hidden * (history.Lags + 2) * size), (ModelPart.UserLayerBias, 0, history.Hidden),
            (ModelPart.UserLayerWeight, 1, size * history.Hidden), (ModelPart.UserLayerBias, 1, size), (ModelPart.HeadBias, 0, 1),
        ];
        foreach ((ModelPart part, int layer, int length) in parts)
        {
            float[] values = [.. Enumerable.Range(0, length).Select(place => 0.1f * Numbers.At(place, (int)part + 50 * layer))];
            step.Parameters.Set(part, OptimizerSlot.Weight, values, layer);
        }

        long batches = (log.Past.Length + groups - 1) / groups;
        double losses = 0;
        Assert.Equal(batches, step.Run(new Feed(log, groups), batches, ref losses));
        return ([.. parts.SelectMany(part => Values(step, part.Part, part.Layer, part.Size))], step.Lookups, log.Past.Length);
    }

    private static float[] Values(UserHistoryStep step, ModelPart part, int layer, int size)
    {
        float[] values = new float[size];
        step.Parameters.Get(part, OptimizerSlot.Weight, values, layer);
        return values;
    }

    /// <summary>Users' items one after the other; user 0 has many, the others a few.</summary>
    private sealed record Log(int ItemCount, int[] Past, int[] Starts, int[] UserOfPlace)
    {
        public static Log Random(int seed, int heavy, int itemCount)
        {
            var draw = new Random(seed);
            int[][] lists = [.. Enumerable.Range(0, Users).Select(user => Numbers.Distinct(draw, itemCount, user == 0 ? heavy : draw.Next(20)))];
            int[] starts = new int[Users];
            for (int user = 1; user < Users; user++) starts[user] = starts[user - 1] + lists[user - 1].Length;
            return new Log(itemCount, [.. lists.SelectMany(list => list)], starts, [.. lists.SelectMany((list, user) => Enumerable.Repeat(user, list.Length))]);
        }
    }

    /// <summary>
    /// Each position once, in random order, with negatives from all items, many of which the user or another user has
    /// in the training data.
    /// </summary>
    private sealed class Feed(Log log, int groups) : IBatchFeed
    {
        private readonly int[] order = Numbers.Distinct(new Random(9), log.Past.Length, log.Past.Length);

        public BatchTerms TermsOf(long batch)
        {
            int count = (int)Math.Min(groups, log.Past.Length - batch * groups) * GroupSize;
            var rows = new PartRule { Optimizer = Optimizer.Sgd, LearningRate = 0.01, L2 = 1e-4 };
            return new BatchTerms(count, batch + 1, (ulong)batch, rows, rows, new PartRule { Optimizer = Optimizer.Adam, LearningRate = 0.001 });
        }

        public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            for (int b = 0; b < users.Length; b++)
            {
                long sample = batch * groups * GroupSize + start + b;
                int place = order[sample / GroupSize];
                users[b] = log.UserOfPlace[place];
                labels[b] = sample % GroupSize == 0 ? 1 : 0;
                items[b] = labels[b] == 1 ? log.Past[place] : new Random((int)sample).Next(2) == 0 ? log.Past[(int)(sample * 7919 % log.Past.Length)]
                    : (int)(sample * 104_729 % log.ItemCount);
                weights[b] = 1;
            }
        }

        public void FillPastEnds(long batch, int start, Span<int> ends)
        {
            for (int b = 0; b < ends.Length; b++) ends[b] = order[(batch * groups * GroupSize + start + b) / GroupSize];
        }
    }
}
