using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using TorchSharp;

namespace NcfSpark.Model.Tests;

/// <summary>The encoder over a user's items: scoring and the Torch module against plain loops.</summary>
public sealed class AttentionTests
{
    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(1, 2, 2, false)]
    [InlineData(2, 2, 3, true)]
    [InlineData(4, 3, 50, false)]
    [InlineData(4, 3, 50, true)]
    public void VectorsAreThoseOfTheEquationsWhoeverElseIsAskedFor(int heads, int blocks, int length, bool told)
    {
        ModelWeights weights = Models.Random(Models.Attention(heads, blocks, length), users: 40, items: 30);
        FillPasts(weights, seed: heads);
        if (told) weights.Pools = weights.Pools! with { Moments_U = [.. Enumerable.Range(0, 40).Select(user => 1_000_000L * user)] };
        int size = weights.UserGmf!.Columns;
        int[] users = [.. Enumerable.Range(0, 40).Reverse(), 3, 3];
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            using var vectors = new UserVectors(weights, level);
            float[] all = new float[users.Length * (size + 2)], alone = new float[size];
            vectors.Write(users, all, size + 2);
            for (int t = 0; t < users.Length; t++)
            {
                vectors.Write([users[t]], alone, size);
                Assert.Equal(alone, all.AsSpan(t * (size + 2), size).ToArray());
                double[] expected = SlowAttention.VectorOf(weights, users[t]);
                for (int e = 0; e < size; e++) Assert.Equal(expected[e], alone[e], 1e-4);
            }
        }
    }

    [Fact]
    public void AMomentBeforeTheLatestItemIsThatOfTheLatest()
    {
        var pools = new UserPools(2, [5, 4, 3, -1, -1, -1]) { Times_UK = [70, 60, 80, 0, 0, 0], Moments_U = [65, 90, 10] };
        Assert.Equal([70, 90, 10], Enumerable.Range(0, 3).Select(user => pools.MomentOf(user)!.Value));
        Assert.Null((pools with { Moments_U = null }).MomentOf(0));
    }

    [Fact]
    public void WhoIsToldAMomentHasAnotherVectorAndTheWeightsAreStillAsTheyWere()
    {
        ModelWeights weights = Models.Random(Models.Attention(), users: 6, items: 30);
        FillPasts(weights, seed: 2);
        ModelWeights told = weights.Told([.. Enumerable.Repeat(1L << 33, 6)]);
        float[] Of(ModelWeights of, int user)
        {
            using var vectors = new UserVectors(of, SimdLevels.Best);
            float[] vector = new float[of.UserGmf!.Columns];
            vectors.Write([user], vector, vector.Length);
            return vector;
        }

        float[] before = Of(weights, 3);
        Assert.NotEqual(before, Of(told, 3));
        Assert.Equal(before, Of(weights, 3));
        Assert.Same(weights.ItemGmf, told.ItemGmf);
        Assert.Equal(Of(weights, 0), Of(told, 0)); // without items there is nothing to come back after
    }

    [Fact]
    public void AnyNumberOfThreadsAsksForTheSameBytes()
    {
        ModelWeights weights = Models.Random(Models.Attention(length: 20), users: 60, items: 50);
        FillPasts(weights, seed: 1);
        using var scorer = new FusedScorer(weights, SimdLevels.Best);
        int[] users = [.. Enumerable.Range(0, 60)];
        TopLists[] lists = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            var best = new TopLists(60, 10);
            scorer.FindBest(users, _ => [], best, threads);
            return best;
        })];
        foreach (int user in users)
        {
            foreach (TopLists other in lists[1..])
            {
                Assert.Equal(lists[0].Items(user).ToArray(), other.Items(user).ToArray());
                Assert.Equal(lists[0].Scores(user).ToArray(), other.Scores(user).ToArray());
            }
        }
    }

    /// <summary>The module's vectors of all items at once are what each has of the items up to it: of nothing later, at the same second or not.</summary>
    [Property(MaxTest = 40)]
    public void TheModulesVectorOfAnItemIsThatOfThePastUpToIt(int seed, PositiveInt length, byte seconds)
    {
        ModelWeights weights = Models.Random(Models.Attention(length: 12), seed: 1 + (seed & 7));
        int count = 1 + length.Get % 12;
        RandomStream draw = RandomStream.Named(seed, "past");
        int[] items = [.. Enumerable.Range(0, count).Select(t => (int)draw.Below(t, 9))];
        long[] times = [.. Enumerable.Range(0, count).Select(t => draw.Below(100 + t, 1 + seconds * 1000L)).Order()];
        long[] moments = [.. times[1..], times[^1] + seconds];
        using var scope = torch.NewDisposeScope();
        using var module = new NeuMFModule(weights);
        torch.Tensor all = Of(count);
        double[][] expected = SlowAttention.VectorsOf(weights, items, times, moments[^1]);
        for (int t = 0; t < count; t++)
        {
            torch.Tensor upTo = Of(t + 1);
            double[] alone = SlowAttention.VectorsOf(weights, items[..(t + 1)], times[..(t + 1)], moments[t])[^1];
            for (int e = 0; e < 32; e++)
            {
                Assert.Equal(expected[t][e], alone[e], 1e-9);
                Assert.Equal(expected[t][e], all[t, e].item<float>(), 1e-4);
                Assert.Equal(expected[t][e], upTo[t, e].item<float>(), 1e-4);
            }
        }

        torch.Tensor Of(int end) => module.Attention(
            module[weights.ItemGmf!].index_select(0, torch.tensor(items[..end], torch.int64)), times.AsSpan(0, end), moments.AsSpan(0, end), []).detach();
    }

    [Fact]
    public void TheModulesLogitsAreTheFormulas()
    {
        ModelWeights weights = Models.Random(Models.Attention());
        using var module = new NeuMFModule(weights);
        int[] users = [0, 1, 2, 3, 4], items = [8, 0, 2, 7, 1];
        using torch.Tensor logits = module.forward(torch.tensor(users, torch.int64), torch.tensor(items, torch.int64)).detach();
        for (int b = 0; b < users.Length; b++)
        {
            double dot = SlowAttention.VectorOf(weights, users[b]).Zip(weights.ItemGmf!.Row(items[b]).ToArray(), (u, q) => u * q).Sum();
            double expected = dot + weights.UserBias!.Values[users[b]] + weights.ItemBias!.Values[items[b]] + weights.HeadBias.Values[0];
            Assert.Equal(expected, logits[b].item<float>(), 1e-4);
        }
    }

    [Fact]
    public void WeightsBeginAsTheShapeSays()
    {
        ModelOptions options = Models.Attention();
        ModelWeights weights = ModelWeights.Initialize(options, 5, 7, 3), again = ModelWeights.Initialize(options, 5, 7, 3);
        foreach ((Weight one, Weight two) in weights.All.Zip(again.All)) Assert.Equal(one.Values.ToArray(), two.Values.ToArray());
        Assert.All(weights.UserGmf!.Values.ToArray(), value => Assert.Equal(0, value));
        Assert.Contains(weights.ItemGmf!.Values.ToArray(), value => value != 0);
        foreach ((Weight weight, AttentionParameter parameter) in weights.Attention.Zip(options.AttentionShape.Parameters))
        {
            float[] values = weight.Values.ToArray();
            if (parameter.Start == AttentionStart.Uniform) Assert.Equal(1.0 / weight.Columns, values.Average(value => value * value), 0.2 / weight.Columns);
            else Assert.All(values, value => Assert.Equal(parameter.Start == AttentionStart.One ? 1 : 0, value));
        }
    }

    // Users with 0 to 59 items, many at the same second.
    private static void FillPasts(ModelWeights weights, int seed)
    {
        RandomStream draw = RandomStream.Named(seed, "pasts");
        for (int user = 0; user < weights.UserCount; user++)
        {
            int first = 1000 * user, count = user == 0 ? 0 : (int)draw.Below(first, 60);
            weights.Pools!.SetLatest(
                user, [.. Enumerable.Range(0, count).Select(k => (int)draw.Below(first + 1 + k, weights.ItemCount))],
                [.. Enumerable.Range(0, count).Select(k => draw.Below(first + 500 + k, 30) * draw.Below(first + 600 + k, 1_000_000))]);
        }
    }
}
