using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

/// <summary>Bounds hold for every pair, so what is found with them is what is found without.</summary>
public sealed unsafe class ItemBoundsTests
{
    private static readonly float[] Scales = [1e-30f, 1e-10f, 0.01f, 1, 30, 1e6f, 1e15f];

    [Property(MaxTest = 60)]
    public void NoLogitIsAboveItsBound(int seed, PositiveInt size, PositiveInt itemScale, PositiveInt userScale, bool alike)
    {
        int vector = 1 + size.Get * 7 % 70, items = 1 + size.Get * 37 % 150;
        using ScoreMemory memory = Memory(vector, items, seed, Scales[itemScale.Get % Scales.Length], alike);
        using var bounds = new ItemBounds(memory);
        float[] u = new float[vector], reached = new float[bounds.Rows];
        for (int user = 0; user < 20; user++)
        {
            // Some users are an item themselves, or its opposite: where Cauchy and Schwarz are tight.
            float sign = user % 2 == 0 ? 1 : -1;
            for (int k = 0; k < vector; k++) u[k] = user < 10 ? Scales[userScale.Get % Scales.Length] * Numbers.At(k + 1000 * user, seed + 1) : sign * memory.Block(0)[k * ItemBlock.Items + user % Math.Min(items, 32)];
            float bias = Scales[(userScale.Get + user) % Scales.Length] * Numbers.At(user, seed + 2);
            float start = bounds.Fill(bias, u, reached);
            for (int item = 0; item < items; item++)
            {
                float* v = memory.Block(item / ItemBlock.Items) + item % ItemBlock.Items, c = bounds.Block(item / ItemBlock.Items) + item % ItemBlock.Items;
                (float fused, float plain, float bound, float plainBound) = (bias, bias, start, start);
                for (int k = 0; k < vector; k++) (fused, plain) = (MathF.FusedMultiplyAdd(u[k], v[k * ItemBlock.Items], fused), plain + u[k] * v[k * ItemBlock.Items]);
                for (int m = 0; m < reached.Length; m++) (bound, plainBound) = (MathF.FusedMultiplyAdd(reached[m], c[m * ItemBlock.Items], bound), plainBound + reached[m] * c[m * ItemBlock.Items]);
                Assert.False(bound < fused, $"user {user}, item {item}: {bound:R} < {fused:R}");
                Assert.False(plainBound < plain, $"user {user}, item {item}: {plainBound:R} < {plain:R}");
            }
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void WithBoundsTheBestAreThoseOfScoringAllAndSorting(int threads, bool limited)
    {
        const int Users = 300, Items = 1500, Size = 20, K = 10;
        GroupLimit? limit = limited ? new GroupLimit([.. Enumerable.Range(0, Items).Select(item => item % 40)], 1) : null;
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            using AllPairs pairs = Pairs(Items, Size, level);
            var side = new FewAxes(Size);
            int[] Excluded(int user) => [.. Enumerable.Range(0, Items).Where(item => Numbers.Below(item, user, 9) == 0)];
            int[] users = [.. Enumerable.Range(0, Users)];
            TopLists best = new(Users, K) { Limit = limit }, one = new(1, K) { Limit = limit };
            pairs.FindBest(side, users, user => Excluded(user), best, threads);
            Assert.True(pairs.PassedOver > 0.3, $"passed over {pairs.PassedOver:P0}: the test would say nothing");
            float[] scores = new float[Items];
            foreach (int user in users)
            {
                pairs.ScoreAll(side, [user], scores);
                one.Keep(0, scores, [.. Enumerable.Range(0, Items)], Excluded(user));
                Assert.Equal(one.Items(0).ToArray(), best.Items(user).ToArray());
                Assert.Equal(one.Scores(0).ToArray(), best.Scores(user).ToArray());
            }
        }
    }

    // Items whose popularity falls and that differ in few directions, with copies, so that there are ties.
    private static AllPairs Pairs(int items, int size, SimdLevel level)
    {
        var pairs = new AllPairs(new ScoreShape { VectorSize = size }, [.. Enumerable.Range(0, items)], level);
        for (int item = 0; item < items; item++)
        {
            int original = item % 3 == 2 ? item / 2 : item;
            float[] vector = [.. Enumerable.Range(0, size).Select(k => (k == 0 ? 4f / (1 + original / 50f) : k < 3 ? 1f : 0.05f) * Numbers.At(k + 100 * original, 7))];
            vector[^1] = 2f / (1 + original / 20f);
            pairs.SetItem(item, vector, []);
        }

        return pairs;
    }

    private static ScoreMemory Memory(int size, int items, int seed, float scale, bool alike)
    {
        var memory = new ScoreMemory(new ScoreShape { VectorSize = size }, [.. Enumerable.Range(0, items)]);
        for (int item = 0; item < items; item++)
        {
            int own = alike ? 0 : item;
            memory.SetItem(item, [.. Enumerable.Range(0, size).Select(k => item % 11 == 5 ? 0 : scale * (Numbers.At(k + 100 * own, seed) + (alike ? 1e-3f * Numbers.At(k + 100 * item, seed + 3) : 0)))], []);
        }

        return memory;
    }

    private sealed class FewAxes(int size) : IUserSide
    {
        public float Fill(int user, Span<float> vector_K, Span<float> first_H)
        {
            for (int k = 0; k < size; k++) vector_K[k] = (k < 3 ? 1f : 0.05f) * Numbers.At(k + 50 * user, 11);
            vector_K[^1] = 1;
            return 0.1f;
        }
    }
}
