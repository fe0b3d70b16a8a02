using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels.Tests;

public sealed unsafe class AdamStepTests
{
    private static readonly PartRule Adam = new() { Optimizer = Optimizer.Adam, LearningRate = 0.01, L2 = 0.5, Decay = 0.1 };

    [Theory, MemberData(nameof(Levels))]
    public void StretchesOfAnyLengthFollowTheEquations(string level)
    {
        foreach (int count in new[] { 16, 32, 48, 64, 80, 144 }) // whole groups of four vectors, some single ones after them, and only such
        {
            foreach (Optimizer optimizer in new[] { Optimizer.Adam, Optimizer.Sgd })
            {
                using AlignedArray<float> w = Numbers.Random(count, 1), m = Numbers.Random(count, 2), v = Numbers.Random(count, 3),
                    gradient = Numbers.Random(count, 4);
                for (int i = 0; i < count; i++) v.Start[i] *= v.Start[i];
                float[] wBefore = w.Span.ToArray(), mBefore = m.Span.ToArray(), vBefore = v.Span.ToArray();
                var rule = new UpdateRule(Adam with { Optimizer = optimizer }, step: 7, samples: 10);
                Update(level, rule, w, m, v, gradient, l2: 0.05f);
                for (int i = 0; i < count; i++)
                {
                    double g = gradient.Start[i] + 0.05 * wBefore[i];
                    bool adam = optimizer == Optimizer.Adam;
                    double first = adam ? 0.9 * mBefore[i] + 0.1 * g : mBefore[i], second = adam ? 0.999 * vBefore[i] + 0.001 * g * g : vBefore[i];
                    double direction = adam ? first / (Math.Sqrt(second) * rule.RootCorrection + 1e-8) : g;
                    Assert.Equal(first, m.Start[i], 1e-6);
                    Assert.Equal(second, v.Start[i], 1e-6);
                    Assert.Equal(rule.Keep * wBefore[i] - rule.Rate * direction, w.Start[i], 1e-5 * Math.Max(1, Math.Abs(direction)));
                }
            }
        }
    }

    // A dead ReLU unit has gradient 0 for ever. 0.9 times the smallest subnormal number rounds to itself, so its moment
    // would never reach 0, and some processors compute with subnormal numbers a hundred times slower.
    [Theory, MemberData(nameof(Levels))]
    public void AMomentWithoutGradientFadesToZeroAndNotToASubnormalNumber(string level)
    {
        const int Count = 80;
        using AlignedArray<float> w = Numbers.Random(Count, 1), m = new(Count), v = new(Count), gradient = new(Count);
        m.Span.Fill(1);
        v.Span.Fill(1e-37f);
        var rule = new UpdateRule(Adam with { L2 = 0 }, step: 1, samples: 1);
        for (int step = 0; step < 3000; step++)
        {
            Update(level, rule, w, m, v, gradient, l2: 0);
            for (int i = 0; i < Count; i++) Assert.False(float.IsSubnormal(m.Start[i]) || float.IsSubnormal(v.Start[i]));
        }

        Assert.All(m.Span.ToArray(), value => Assert.Equal(0, value));
        Assert.All(v.Span.ToArray(), value => Assert.Equal(0, value));
    }

    public static TheoryData<string> Levels() => [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported).Select(level => level.ToString())];

    private static void Update(
        string level, UpdateRule rule, AlignedArray<float> w, AlignedArray<float> m, AlignedArray<float> v, AlignedArray<float> gradient, float l2)
    {
        int count = (int)w.Length;
        switch (Enum.Parse<SimdLevel>(level))
        {
            case SimdLevel.Avx512: new AdamStep<Simd512, Vector512<float>>(in rule).Update(w.Start, m.Start, v.Start, gradient.Start, count, l2); break;
            case SimdLevel.Avx2: new AdamStep<Simd256, Vector256<float>>(in rule).Update(w.Start, m.Start, v.Start, gradient.Start, count, l2); break;
            default: new AdamStep<Simd128, Vector128<float>>(in rule).Update(w.Start, m.Start, v.Start, gradient.Start, count, l2); break;
        }
    }
}
