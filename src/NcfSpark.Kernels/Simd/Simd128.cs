using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>Any processor: 4 floats, in vectors of 128 bits (SSE, NEON) or computed one by one.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    public static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128<float>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* address) => Vector128.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> values, float* address) => values.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Stream(Vector128<float> values, float* address) => values.StoreAlignedNonTemporal(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // In this order: if an operand is NaN, the instruction returns the second.
    public static Vector128<float> Relu(Vector128<float> a) => Vector128.MaxNative(Vector128<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exp(Vector128<float> a) => Exponential<Simd128, Vector128<float>>.Of(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> TimesPowerOfTwo(Vector128<float> values, Vector128<float> shifted, Vector128<float> a, float least, float most)
    {
        Vector128<float> scaled = (values.AsInt32() + (shifted.AsInt32() << 23)).AsSingle(); // n is added to the exponent
        scaled = Vector128.ConditionalSelect(Vector128.GreaterThan(a, Vector128.Create(most)), Vector128.Create(float.PositiveInfinity), scaled);
        return Vector128.ConditionalSelect(Vector128.LessThanOrEqual(a, Vector128.Create(least)), Vector128<float>.Zero, scaled);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Log(Vector128<float> a) => Vector128.Log(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> a) => Vector128.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WherePositive(Vector128<float> gate, Vector128<float> values) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(gate, Vector128<float>.Zero), values, Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotAtMost(Vector128<float> values, Vector128<float> bound) =>
        Vector128.LessThanOrEqual(values, bound).ExtractMostSignificantBits() ^ 0xF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ZeroIfSubnormal(Vector128<float> a) =>
        Vector128.ConditionalSelect(Vector128.Equals(a.AsUInt32() & Vector128.Create(0x7F80_0000u), Vector128<uint>.Zero).AsSingle(), Vector128<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Root(Vector128<float> a, Vector128<float> factor, Vector128<float> addend) => Vector128.Sqrt(a) * factor + addend;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Quotient(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Bits(uint bits) => Vector128.Create(bits).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Hash(uint start, Vector128<float> key1)
    {
        Vector128<uint> x = Vector128<uint>.Indices + Vector128.Create(start);
        x ^= x >>> 16;
        x *= Vector128.Create(DropoutHash.Multiplier0);
        x ^= x >>> 15;
        x += key1.AsUInt32();
        x *= Vector128.Create(DropoutHash.Multiplier1);
        x ^= x >>> 16;
        return x.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> KeepByLowBits(Vector128<float> hash, Vector128<float> bound, Vector128<float> values) =>
        Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(hash.AsUInt32() << 16, bound.AsUInt32()).AsSingle(), values, Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> KeepByHighBits(Vector128<float> hash, Vector128<float> bound, Vector128<float> values) =>
        Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(hash.AsUInt32(), bound.AsUInt32()).AsSingle(), values, Vector128<float>.Zero);
}
