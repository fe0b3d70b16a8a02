using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>Dropout of a layer in one step: y = kept ? scale · y : 0, kept by <see cref="DropoutHash"/>.</summary>
/// <param name="rate">The rate.</param>
/// <param name="key">The step's key.</param>
internal readonly unsafe struct Dropout<S, V>(double rate, ulong key)
    where S : ISimd<V>
    where V : struct
{
    private readonly uint dropped = DropoutHash.Dropped(rate);
    private readonly uint key0 = (uint)key;
    private readonly uint key1 = (uint)(key >> 32);
    private readonly V scale = S.Broadcast(DropoutHash.KeptScale(rate));

    /// <summary>Applies it to one sample.</summary>
    /// <param name="y">The sample's outputs.</param>
    /// <param name="width">How many, padded.</param>
    /// <param name="counter">The number of its first hash.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply(float* y, int width, uint counter)
    {
        for (int lane = 0; lane < width; lane += 2 * Padding.Lanes, counter += Padding.Lanes)
        {
            for (int k = 0; k < Padding.Lanes; k += S.Lanes)
            {
                int at = lane + k;
                V hash = S.Hash(counter + (uint)k, key0, key1);
                S.Store(S.KeepByLowBits(hash, dropped, S.Multiply(S.Load(y + at), scale)), y + at);
                at += Padding.Lanes;
                if (at < width) S.Store(S.KeepByHighBits(hash, dropped, S.Multiply(S.Load(y + at), scale)), y + at);
            }
        }
    }
}
