using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Applies an <see cref="UpdateRule"/> to ranges of weights. The rule's numbers are kept as vectors, because most
/// ranges are only a few vectors long.
/// </summary>
internal readonly unsafe struct AdamStep<S, V>(in UpdateRule rule)
    where S : ISimd<V>
    where V : struct
{
    private readonly bool isAdam = rule.IsAdam;
    private readonly V rate = S.Broadcast(-rule.Rate), correction = S.Broadcast(rule.RootCorrection), epsilon = S.Broadcast(UpdateRule.Epsilon),
        keep = S.Broadcast(rule.Keep);
    private readonly V beta1 = S.Broadcast(UpdateRule.Beta1), rest1 = S.Broadcast(1 - UpdateRule.Beta1), beta2 = S.Broadcast(UpdateRule.Beta2),
        rest2 = S.Broadcast(1 - UpdateRule.Beta2);

    /// <summary>Updates a range of weights by one optimizer step.</summary>
    /// <param name="m">First moments; unused by SGD.</param>
    /// <param name="v">Second moments; unused by SGD.</param>
    /// <param name="count">Number of floats, a multiple of 16.</param>
    /// <param name="l2">Coefficient of coupled L2: its gradient, l2 · w, is added to the gradient.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update(float* w, float* m, float* v, float* gradient, int count, float l2)
    {
        V shrinking = S.Broadcast(l2);
        if (isAdam)
        {
            int k = 0;
            for (; k + 4 * S.Lanes <= count; k += 4 * S.Lanes) Adam4(w + k, m + k, v + k, gradient + k, shrinking);
            for (; k < count; k += S.Lanes) Adam(w + k, m + k, v + k, gradient + k, shrinking);
        }
        else
        {
            for (int k = 0; k < count; k += S.Lanes)
            {
                V weights = S.Load(w + k), g = S.MultiplyAdd(shrinking, weights, S.Load(gradient + k));
                S.Store(S.MultiplyAdd(rate, g, S.Multiply(keep, weights)), w + k);
            }
        }
    }

    // An update is a chain of 25 instructions, each of which waits 4 or more cycles for the one before. A processor
    // overlaps only two or three updates by itself, so four are interleaved here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Adam4(float* w, float* m, float* v, float* gradient, V shrinking)
    {
        int l = S.Lanes;
        V g0 = Gradient(gradient, w, shrinking), g1 = Gradient(gradient + l, w + l, shrinking);
        V g2 = Gradient(gradient + 2 * l, w + 2 * l, shrinking), g3 = Gradient(gradient + 3 * l, w + 3 * l, shrinking);
        V m0 = First(m, g0), m1 = First(m + l, g1), m2 = First(m + 2 * l, g2), m3 = First(m + 3 * l, g3);
        V v0 = Second(v, g0), v1 = Second(v + l, g1), v2 = Second(v + 2 * l, g2), v3 = Second(v + 3 * l, g3);
        V d0 = Divisor(v0), d1 = Divisor(v1), d2 = Divisor(v2), d3 = Divisor(v3);
        d0 = S.Quotient(m0, d0);
        d1 = S.Quotient(m1, d1);
        d2 = S.Quotient(m2, d2);
        d3 = S.Quotient(m3, d3);
        Move(w, d0);
        Move(w + l, d1);
        Move(w + 2 * l, d2);
        Move(w + 3 * l, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Adam(float* w, float* m, float* v, float* gradient, V shrinking)
    {
        V g = Gradient(gradient, w, shrinking), first = First(m, g);
        Move(w, S.Quotient(first, Divisor(Second(v, g))));
    }

    // g = gradient + L2 · w
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Gradient(float* gradient, float* w, V shrinking) => S.MultiplyAdd(shrinking, S.Load(w), S.Load(gradient));

    // m = b1 m + (1 - b1) g
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V First(float* m, V g)
    {
        V first = S.ZeroIfSubnormal(S.MultiplyAdd(beta1, S.Load(m), S.Multiply(rest1, g)));
        S.Store(first, m);
        return first;
    }

    // v = b2 v + (1 - b2) g²
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Second(float* v, V g)
    {
        V second = S.ZeroIfSubnormal(S.MultiplyAdd(beta2, S.Load(v), S.Multiply(rest2, S.Multiply(g, g))));
        S.Store(second, v);
        return second;
    }

    // sqrt(v) · RootCorrection + e
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Divisor(V second) => S.Root(second, correction, epsilon);

    // w = Keep w - Rate · direction
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Move(float* w, V direction) => S.Store(S.MultiplyAdd(rate, direction, S.Multiply(keep, S.Load(w))), w);
}
