using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>Dropout of a layer in one step: y = kept ? scale · y : 0, kept by <see cref="DropoutHash"/>.</summary>
internal readonly unsafe struct Dropout<S, V>(double rate, ulong key)
    where S : ISimd<V>
    where V : struct
{
    private readonly uint key0 = (uint)key;
    private readonly V key1 = S.Bits((uint)(key >> 32));
    private readonly V bound = S.Bits(DropoutHash.Dropped(rate) << 16);
    private readonly V scale = S.Broadcast(DropoutHash.KeptScale(rate));

    /// <summary>Applies it to one sample.</summary>
    /// <param name="width">Number of outputs, padded.</param>
    /// <param name="counter">The number of its first hash.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* y, int width, uint counter)
    {
        for (int lane = 0; lane < width; lane += 2 * Padding.Lanes, counter += Padding.Lanes)
        {
            for (int k = 0; k < Padding.Lanes; k += S.Lanes)
            {
                int at = lane + k;
                V hash = S.Hash(key0 + counter + (uint)k, key1);
                S.Store(S.KeepByLowBits(hash, bound, S.Multiply(S.Load(y + at), scale)), y + at);
                at += Padding.Lanes;
                if (at < width) S.Store(S.KeepByHighBits(hash, bound, S.Multiply(S.Load(y + at), scale)), y + at);
            }
        }
    }

    /// <summary>
    /// kept ? scale : 0, for the lanes that the hashes' low bits decide (Low), and for the lanes 16 further on (High).
    /// </summary>
    /// <param name="counter">The number of the first hash.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (V Low, V High) Factors(uint counter)
    {
        V hash = S.Hash(key0 + counter, key1);
        return (S.KeepByLowBits(hash, bound, scale), S.KeepByHighBits(hash, bound, scale));
    }
}
