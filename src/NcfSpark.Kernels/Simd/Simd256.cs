using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>AVX2: 8 floats.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    public static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256<float>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* address) => Vector256.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> values, float* address) => values.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Stream(Vector256<float> values, float* address) => values.StoreAlignedNonTemporal(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // In this order: if an operand is NaN, the instruction returns the second.
    public static Vector256<float> Relu(Vector256<float> a) => Vector256.MaxNative(Vector256<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> a) => Exponential<Simd256, Vector256<float>>.Of(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> TimesPowerOfTwo(Vector256<float> values, Vector256<float> shifted, Vector256<float> a, float least, float most)
    {
        Vector256<float> scaled = (values.AsInt32() + (shifted.AsInt32() << 23)).AsSingle(); // n is added to the exponent
        scaled = Vector256.ConditionalSelect(Vector256.GreaterThan(a, Vector256.Create(most)), Vector256.Create(float.PositiveInfinity), scaled);
        return Vector256.ConditionalSelect(Vector256.LessThanOrEqual(a, Vector256.Create(least)), Vector256<float>.Zero, scaled);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Log(Vector256<float> a) => Vector256.Log(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> a) => Vector256.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WherePositive(Vector256<float> gate, Vector256<float> values) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(gate, Vector256<float>.Zero), values, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotAtMost(Vector256<float> values, Vector256<float> bound) =>
        Vector256.LessThanOrEqual(values, bound).ExtractMostSignificantBits() ^ 0xFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ZeroIfSubnormal(Vector256<float> a) =>
        Vector256.ConditionalSelect(Vector256.Equals(a.AsUInt32() & Vector256.Create(0x7F80_0000u), Vector256<uint>.Zero).AsSingle(), Vector256<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Root(Vector256<float> a, Vector256<float> factor, Vector256<float> addend) => Vector256.Sqrt(a) * factor + addend;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Quotient(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Bits(uint bits) => Vector256.Create(bits).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Hash(uint start, Vector256<float> key1)
    {
        Vector256<uint> x = Vector256<uint>.Indices + Vector256.Create(start);
        x ^= x >>> 16;
        x *= Vector256.Create(DropoutHash.Multiplier0);
        x ^= x >>> 15;
        x += key1.AsUInt32();
        x *= Vector256.Create(DropoutHash.Multiplier1);
        x ^= x >>> 16;
        return x.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> KeepByLowBits(Vector256<float> hash, Vector256<float> bound, Vector256<float> values) =>
        Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(hash.AsUInt32() << 16, bound.AsUInt32()).AsSingle(), values, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> KeepByHighBits(Vector256<float> hash, Vector256<float> bound, Vector256<float> values) =>
        Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(hash.AsUInt32(), bound.AsUInt32()).AsSingle(), values, Vector256<float>.Zero);
}
