using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

public sealed class CombinationTests
{
    private const int Items = 7;

    [Fact]
    public void TheExampleHolds()
    {
        Weight weight = Table([0, 0, 0, 0]);
        var combination = new Combination([weight], 2, half: false);
        combination.Add(1, 300, [new TableRows([2], [.8f])]);
        Assert.False(combination.IsWhole);
        combination.Add(0, 100, [new TableRows([1, 2], [.1f, .4f])]);
        Assert.True(combination.IsWhole);
        var changes = new Dictionary<int, double>();
        double[] change = new double[1];
        foreach (int row in combination.Touched(0))
        {
            combination.Take(0, row, change);
            changes.Add(row, change[0]);
        }

        Assert.Equal([1, 2], changes.Keys);
        Assert.Equal((double).1f, changes[1]);
        Assert.Equal((100.0 * .4f + 300.0 * .8f) / 400, changes[2]);
    }

    /// <summary>To the bit, whatever the counts: nobody else shrinks it.</summary>
    [Property]
    public void ARowThatOneWorkerTouchedGetsThatWorkersWholeChange(PositiveInt samples, NormalFloat was, NormalFloat now)
    {
        Weight weight = Table([(float)was.Get]);
        if (!float.IsFinite(weight.Values[0]) || !float.IsFinite((float)now.Get)) return;
        var combination = new Combination([weight], 3, half: false);
        combination.Add(0, 17, [TableRows.None]);
        combination.Add(1, samples.Get, [new TableRows([0], [(float)now.Get])]);
        combination.Add(2, 1_000_000, [TableRows.None]);
        Assert.Equal([0], combination.Touched(0));
        double[] change = new double[1];
        combination.Take(0, 0, change);
        Assert.Equal((float)now.Get - weight.Values[0], (float)change[0]);
        Assert.Empty(combination.Touched(0));
    }

    /// <summary>Against plain loops, with unequal counts, several rounds, either outer step, values or halves, whoever comes first.</summary>
    [Property(MaxTest = 60)]
    public void ServerEqualsAPlainTwinInAnyOrderOfArrival(int seed, bool nesterov, bool half)
    {
        RandomStream chance = RandomStream.Named(seed, "pushes");
        int workers = 2 + (int)chance.Below(0, 4);
        var options = PlainOptions.Train with { Workers = workers, Server = new() { OuterOptimizer = nesterov
            ? OuterOptimizer.Nesterov
            : OuterOptimizer.Average, WirePrecision = Precision(half), OuterLearningRate = .6, OuterMomentum = .8 } };
        SharedParameters inOrder = NewShared(options), shuffled = NewShared(options);
        var twin = new PlainTwin(inOrder.Tables, options);
        long place = 1;
        for (int round = 0; round < 3; round++)
        {
            long[] samples = [.. Enumerable.Range(0, workers).Select(_ => 1 + chance.Below(place++, 1000))];
            TableRows[][] pushes = [.. Enumerable.Range(0, workers).Select(_ => RandomPush(inOrder.Tables, half, chance, ref place))];
            int[] order = [.. Enumerable.Range(0, workers)];
            RandomStream.Named(seed, "order", round).Shuffle<int>(order);
            TableRows[]? reply = null, other = null;
            for (int worker = 0; worker < workers; worker++)
            {
                Assert.Null(reply);
                reply = inOrder.Take(worker, samples[worker], pushes[worker]);
                other = shuffled.Take(order[worker], samples[order[worker]], pushes[order[worker]]);
            }

            twin.Step(samples, pushes);
            for (int t = 0; t < inOrder.Tables.Count; t++)
            {
                Assert.Equal(twin.Values[t], inOrder.Tables[t].Values.ToArray());
                Assert.Equal(twin.Values[t], shuffled.Tables[t].Values.ToArray());
                Assert.Equal(reply![t].Rows, other![t].Rows);
                Assert.Equal(pushes.SelectMany(push => push[t].Rows).Distinct().Order(), reply[t].Rows); // what nobody touched does not travel
                Assert.Equal(reply[t].Values, other[t].Values);
            }
        }
    }

    /// <summary>Workers that set or add what came back have the server's values, to the bit.</summary>
    [Property(MaxTest = 60)]
    public void WhatTravelsBackMakesTheServersValues(int seed, bool half)
    {
        var options = PlainOptions.Train with { Workers = 2, Server = new() { WirePrecision = Precision(half) } };
        SharedParameters server = NewShared(options), worker = NewShared(options);
        RandomStream chance = RandomStream.Named(seed, "pushes");
        long place = 0;
        server.Take(0, 5, RandomPush(server.Tables, half, chance, ref place));
        TableRows[] reply = server.Take(1, 9, RandomPush(server.Tables, half, chance, ref place))!;
        for (int t = 0; t < reply.Length; t++)
        {
            reply[t].ApplyTo(worker.Tables[t], half);
            Assert.Equal(server.Tables[t].Values.ToArray(), worker.Tables[t].Values.ToArray());
        }
    }

    [Fact]
    public void OneWorkersValuesAreTakenAsTheyAreAndNothingTravelsBack()
    {
        SharedParameters shared = NewShared(PlainOptions.Train with { Workers = 1, Server = new() { WirePrecision = WirePrecision.Fp16 } });
        float[] values = [.. Enumerable.Range(0, shared.Tables[0].Columns).Select(c => 1f / (c + 3))];
        TableRows[] push = [new TableRows([2], values), .. shared.Tables.Skip(1).Select(_ => TableRows.None)];
        Assert.All(shared.Take(0, 10, push)!, rows => Assert.Empty(rows.Rows));
        Assert.Equal(values, shared.Tables[0].Row(2).ToArray());
    }

    [Fact]
    public void TouchedRowsAreThoseWhoseBitsChanged()
    {
        Weight weight = Table([1, 2, 0, float.NaN]);
        float[] before = [1, 3, -0f, float.NaN];
        Assert.Equal([1, 2], TableRows.Changed(weight, before, half: false).Rows);
    }

    [Fact]
    public void WhatIsNotFiniteAfterTheOuterStepStopsTraining()
    {
        SharedParameters shared = NewShared(PlainOptions.Train with { Workers = 2, Server = new() { OuterLearningRate = 10 } });
        TableRows[] push = [new TableRows([0], [.. Enumerable.Repeat(3e38f, shared.Tables[0].Columns)]), .. shared.Tables.Skip(1).Select(_ => TableRows.None)];
        shared.Take(0, 1, push);
        Assert.Contains("item_gmf.weight is not finite in row 0",
            Assert.Throws<TrainingDivergedException>(() => shared.Take(1, 1, push)).Message, StringComparison.Ordinal);
    }

    /// <summary>The pool's threads may be those that wait for it: training by two workers hung there once.</summary>
    [Fact]
    public void TheOuterStepDoesNotWaitForTheThreadPool()
    {
        const int Rows = 2000;
        SharedParameters shared = NewShared(PlainOptions.Train with { Workers = 2 }, Rows);
        TableRows[] push = [.. shared.Tables.Select(weight => new TableRows([.. Enumerable.Range(0, weight.Rows)], weight.Values.ToArray()))];
        var release = new TaskCompletionSource();
        for (int i = 0; i < 500; i++) ThreadPool.UnsafeQueueUserWorkItem(_ => release.Task.Wait(), null);
        try
        {
            TableRows[]? reply = null;
            var server = new Thread(() =>
            {
                shared.Take(0, 1, push);
                reply = shared.Take(1, 1, push);
            });
            server.Start();
            Assert.True(server.Join(TimeSpan.FromMinutes(10)), "the outer step waits for a thread of the pool");
            Assert.Equal(Rows, reply![0].Rows.Length);
        }
        finally
        {
            release.SetResult();
        }
    }

    private static WirePrecision Precision(bool half) => half ? WirePrecision.Fp16 : WirePrecision.Fp32;

    private static SharedParameters NewShared(TrainOptions options, int items = Items) =>
        new(ModelWeights.Initialize(PlainOptions.Model with { EmbeddingSize = 19, MlpEmbeddingSize = 2, MlpLayers = [4], EmbeddingInit = .1 }, 0, items,
            1), options);

    private static Weight Table(float[] values)
    {
        var weight = new Weight("table", values.Length, 1);
        values.CopyTo(weight.Values);
        return weight;
    }

    private static TableRows[] RandomPush(IReadOnlyList<Weight> tables, bool half, RandomStream chance, ref long place)
    {
        var push = new TableRows[tables.Count];
        for (int t = 0; t < push.Length; t++)
        {
            var rows = new List<int>();
            for (int row = 0; row < tables[t].Rows; row++)
            {
                if (chance.Unit(place++) < .5) rows.Add(row);
            }

            float[] values = new float[rows.Count * tables[t].Columns];
            for (int i = 0; i < values.Length; i++) values[i] = half ? (float)(Half)(chance.Normal(place++) / 10) : (float)chance.Normal(place++);
            push[t] = new TableRows([.. rows], values);
        }

        return push;
    }

    /// <summary>The definition, as one would write it first.</summary>
    private sealed class PlainTwin(IReadOnlyList<Weight> tables, TrainOptions options)
    {
        private readonly float[][] momentum = [.. tables.Select(table => new float[table.Values.Length])];

        public float[][] Values { get; } = [.. tables.Select(table => table.Values.ToArray())];

        public void Step(long[] samples, TableRows[][] pushes)
        {
            for (int t = 0; t < tables.Count; t++)
            {
                for (int i = 0; i < Values[t].Length; i++) Step(t, i, samples, pushes);
            }
        }

        private void Step(int t, int i, long[] samples, TableRows[][] pushes)
        {
            (int row, int column) = (i / tables[t].Columns, i % tables[t].Columns);
            double sum = 0, all = 0;
            for (int worker = 0; worker < pushes.Length; worker++)
            {
                int at = Array.IndexOf(pushes[worker][t].Rows, row);
                if (at < 0) continue;
                float value = pushes[worker][t].Values[at * tables[t].Columns + column];
                sum += samples[worker] * (double)(options.Server.WirePrecision == WirePrecision.Fp16 ? value : value - Values[t][i]);
                all += samples[worker];
            }

            if (all == 0) return;
            double change = sum / all;
            if (options.Server.OuterOptimizer == OuterOptimizer.Nesterov)
            {
                momentum[t][i] = (float)(options.Server.OuterMomentum * momentum[t][i] + change);
                change = options.Server.OuterLearningRate * (change + options.Server.OuterMomentum * momentum[t][i]);
            }

            if (options.Server.WirePrecision == WirePrecision.Fp16) Values[t][i] += (float)(Half)change;
            else Values[t][i] = (float)(Values[t][i] + change);
        }
    }
}
