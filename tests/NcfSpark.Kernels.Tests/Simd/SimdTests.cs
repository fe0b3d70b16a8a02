using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels.Tests;

public sealed unsafe class SimdTests
{
    [SkippableFact]
    public void Vectors512KeepTheContract()
    {
        Skip.IfNot(SimdLevels.IsSupported(SimdLevel.Avx512), "Needs a processor with AVX-512.");
        KeepsTheContract<Simd512, Vector512<float>>();
    }

    [SkippableFact]
    public void Vectors256KeepTheContract()
    {
        Skip.IfNot(SimdLevels.IsSupported(SimdLevel.Avx2), "Needs a processor with AVX2.");
        KeepsTheContract<Simd256, Vector256<float>>();
    }

    [Fact]
    public void Vectors128KeepTheContract() => KeepsTheContract<Simd128, Vector128<float>>();

    [Fact]
    public void AMistypedInstructionSetIsRefusedWithWhatThereIs()
    {
        Assert.Equal(SimdLevels.Best, SimdLevels.Choose(""));
        Assert.Equal(SimdLevel.Portable, SimdLevels.Choose("portable"));
        string message = Assert.Throws<PlatformNotSupportedException>(() => SimdLevels.Choose("avx5")).Message;
        Assert.Contains("NCFSPARK_SIMD", message, StringComparison.Ordinal);
        Assert.Contains("avx512, avx2 or portable", message, StringComparison.Ordinal);
        Assert.Throws<PlatformNotSupportedException>(() => SimdLevels.Choose("7"));
    }

    [Fact]
    public void DropoutsBitsAreHalvesOfOneHashInTwoGroupsOfLanes()
    {
        // The example of DropoutHash: 40 lanes padded to 48 take 32 hashes.
        Assert.Equal(32, DropoutHash.HashCount(48));
        const ulong Key = 0x1234_5678_9ABC_DEF0;
        uint hash = DropoutHash.Hash(1000 + 3, 0x9ABC_DEF0, 0x1234_5678), later = DropoutHash.Hash(1000 + 16 + 3, 0x9ABC_DEF0, 0x1234_5678);
        Assert.Equal((hash & 0xFFFF) >= 20_000, DropoutHash.IsKept(Key, 1000, 3, 20_000));
        Assert.Equal(hash >> 16 >= 20_000, DropoutHash.IsKept(Key, 1000, 16 + 3, 20_000));
        Assert.Equal((later & 0xFFFF) >= 20_000, DropoutHash.IsKept(Key, 1000, 32 + 3, 20_000));
    }

    private static void KeepsTheContract<S, V>()
        where S : ISimd<V>
        where V : struct
    {
        using var first = Numbers.Random(S.Lanes, 1);
        using var second = Numbers.Random(S.Lanes, 2);
        using var result = new AlignedArray<float>(S.Lanes);
        V a = S.Load(first.Start), b = S.Load(second.Start);
        void Check(V actual, Func<float, float, double> expected, double tolerance = 1e-6)
        {
            S.Store(actual, result.Start);
            for (int i = 0; i < S.Lanes; i++) Assert.Equal(expected(first.Start[i], second.Start[i]), result.Start[i], tolerance);
        }

        Check(S.Relu(a), (x, _) => Math.Max(x, 0));
        Check(S.WherePositive(a, b), (x, y) => x > 0 ? y : 0);
        Check(S.Exp(a), (x, _) => Math.Exp(x));
        Check(S.Log(S.Abs(a)), (x, _) => Math.Log(Math.Abs(x)), 1e-5);
        Check(S.Root(S.Multiply(b, b), S.Broadcast(31), S.Broadcast(1e-8f)), (_, y) => Math.Abs(y) * 31 + 1e-8, 1e-5);
        Check(S.Root(default, S.Broadcast(1), S.Broadcast(1e-8f)), (_, _) => 1e-8f, 1e-18);
        Check(S.Quotient(a, b), (x, y) => x / (double)y, 1e-4);
        foreach ((float value, float kept) in new[] { (float.Epsilon, 0), (-1e-38f, 0), (1.18e-38f, 1.18e-38f), (0, 0), (-3, -3),
            (float.NegativeInfinity, float.NegativeInfinity), (float.NaN, float.NaN) })
        {
            S.Store(S.ZeroIfSubnormal(S.Broadcast(value)), result.Start);
            Assert.Equal(kept, result.Start[S.Lanes - 1]);
        }

        Assert.Equal(Enumerable.Range(0, S.Lanes).Sum(i => first.Start[i]), S.Sum(a), 1e-5);

        S.Store(S.Relu(S.Broadcast(float.NaN)), result.Start);
        Assert.True(float.IsNaN(result.Start[0]), "ReLU must not hide that a number is none.");

        V hash = S.Hash(5 + 6, S.Bits(7));
        S.Store(hash, result.Start);
        for (int i = 0; i < S.Lanes; i++) Assert.Equal(DropoutHash.Hash(5 + (uint)i, 6, 7), BitConverter.SingleToUInt32Bits(result.Start[i]));
        const uint Dropped = 30_000;
        uint[] hashes = [.. Enumerable.Range(0, S.Lanes).Select(i => DropoutHash.Hash(5 + (uint)i, 6, 7))];
        S.Store(S.KeepByLowBits(hash, S.Bits(Dropped << 16), S.Broadcast(2)), result.Start);
        for (int i = 0; i < S.Lanes; i++) Assert.Equal((hashes[i] & 0xFFFF) >= Dropped ? 2 : 0, result.Start[i]);
        S.Store(S.KeepByHighBits(hash, S.Bits(Dropped << 16), S.Broadcast(2)), result.Start);
        for (int i = 0; i < S.Lanes; i++) Assert.Equal(hashes[i] >> 16 >= Dropped ? 2 : 0, result.Start[i]);
    }

    [Fact]
    public void TheExponentialIsRightToTwoUnitsOfTheLastPlaceAndNeverSubnormal()
    {
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            Func<float, float> exp = level switch
            {
                SimdLevel.Avx512 => ExpOf<Simd512, Vector512<float>>,
                SimdLevel.Avx2 => ExpOf<Simd256, Vector256<float>>,
                _ => ExpOf<Simd128, Vector128<float>>,
            };
            for (int k = 0; k < 200_000; k++)
            {
                float x = -87.3f + k * (175.6f / 200_000);
                double expected = Math.Exp(x);
                Assert.True(Math.Abs(exp(x) - expected) <= 2 * Math.ScaleB(1, Math.ILogB(expected) - 23), $"e^{x:R} is {exp(x):R} on {level}.");
            }

            (float X, float Expected)[] edges = [(0, 1), (float.NaN, float.NaN), (-87.34f, 0), (-1e30f, 0), (float.NegativeInfinity, 0),
                (88.4f, float.PositiveInfinity), (float.PositiveInfinity, float.PositiveInfinity)];
            foreach ((float x, float expected) in edges) Assert.Equal(expected, exp(x));
        }
    }

    private static unsafe float ExpOf<S, V>(float x)
        where S : ISimd<V>
        where V : struct
    {
        float* lanes = stackalloc float[Vector512<float>.Count];
        S.Store(S.Exp(S.Broadcast(x)), lanes);
        return lanes[S.Lanes - 1];
    }
}
