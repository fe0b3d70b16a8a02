using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>AVX-512: 16 floats.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512<float>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* address) => Vector512.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, float* address) => values.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Stream(Vector512<float> values, float* address) => values.StoreAlignedNonTemporal(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // In this order: if an operand is NaN, the instruction returns the second.
    public static Vector512<float> Relu(Vector512<float> a) => Vector512.MaxNative(Vector512<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Abs(Vector512<float> a) => Vector512.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> a) => Exponential<Simd512, Vector512<float>>.Of(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> TimesPowerOfTwo(Vector512<float> values, Vector512<float> shifted, Vector512<float> a, float least, float most)
    {
        Vector512<float> scaled = (values.AsInt32() + (shifted.AsInt32() << 23)).AsSingle(); // n is added to the exponent
        scaled = Vector512.ConditionalSelect(Vector512.GreaterThan(a, Vector512.Create(most)), Vector512.Create(float.PositiveInfinity), scaled);
        return Vector512.ConditionalSelect(Vector512.LessThanOrEqual(a, Vector512.Create(least)), Vector512<float>.Zero, scaled);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> a) => Vector512.Log(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> a) => Vector512.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WherePositive(Vector512<float> gate, Vector512<float> values) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(gate, Vector512<float>.Zero), values, Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotAtMost(Vector512<float> values, Vector512<float> bound) =>
        (uint)Vector512.LessThanOrEqual(values, bound).ExtractMostSignificantBits() ^ 0xFFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ZeroIfSubnormal(Vector512<float> a) =>
        Vector512.ConditionalSelect(Vector512.Equals(a.AsUInt32() & Vector512.Create(0x7F80_0000u), Vector512<uint>.Zero).AsSingle(), Vector512<float>.Zero, a);

    // Square root and division take 10 times as long as their estimates of 14 bits. One Newton step makes an estimate
    // right to a unit or two of the last place. The smallest normal number as a lower bound keeps 1 / sqrt(0) finite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Root(Vector512<float> a, Vector512<float> factor, Vector512<float> addend)
    {
        Vector512<float> square = Vector512.Max(a, Vector512.Create(1.17549435e-38f));
        Vector512<float> inverseRoot = Avx512F.ReciprocalSqrt14(square);
        inverseRoot *= Vector512.Create(1.5f) - square * Vector512.Create(0.5f) * inverseRoot * inverseRoot;
        return Vector512.FusedMultiplyAdd(square * inverseRoot, factor, addend);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Quotient(Vector512<float> a, Vector512<float> b)
    {
        Vector512<float> inverse = Avx512F.Reciprocal14(b);
        inverse *= Vector512.Create(2f) - b * inverse;
        return a * inverse;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Bits(uint bits) => Vector512.Create(bits).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Hash(uint start, Vector512<float> key1)
    {
        Vector512<uint> x = Vector512<uint>.Indices + Vector512.Create(start);
        x ^= x >>> 16;
        x *= Vector512.Create(DropoutHash.Multiplier0);
        x ^= x >>> 15;
        x += key1.AsUInt32();
        x *= Vector512.Create(DropoutHash.Multiplier1);
        x ^= x >>> 16;
        return x.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> KeepByLowBits(Vector512<float> hash, Vector512<float> bound, Vector512<float> values) =>
        Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(hash.AsUInt32() << 16, bound.AsUInt32()).AsSingle(), values, Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> KeepByHighBits(Vector512<float> hash, Vector512<float> bound, Vector512<float> values) =>
        Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(hash.AsUInt32(), bound.AsUInt32()).AsSingle(), values, Vector512<float>.Zero);
}
