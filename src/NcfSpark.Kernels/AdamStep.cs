using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>The equations of <see cref="UpdateRule"/> over stretches of memory. It holds the rule's numbers as vectors, since most stretches are a few vectors long.</summary>
/// <param name="rule">The rule.</param>
internal readonly unsafe struct AdamStep<S, V>(in UpdateRule rule)
    where S : ISimd<V>
    where V : struct
{
    private readonly bool isAdam = rule.IsAdam;
    private readonly V rate = S.Broadcast(-rule.Rate), correction = S.Broadcast(rule.RootCorrection), epsilon = S.Broadcast(UpdateRule.Epsilon), keep = S.Broadcast(rule.Keep);
    private readonly V beta1 = S.Broadcast(UpdateRule.Beta1), rest1 = S.Broadcast(1 - UpdateRule.Beta1), beta2 = S.Broadcast(UpdateRule.Beta2), rest2 = S.Broadcast(1 - UpdateRule.Beta2);

    /// <summary>One step of a stretch.</summary>
    /// <param name="w">Weights.</param>
    /// <param name="m">First moments. SGD has none and leaves them alone.</param>
    /// <param name="v">Second moments.</param>
    /// <param name="gradient">The gradient.</param>
    /// <param name="count">Floats, a multiple of 16.</param>
    /// <param name="l2">Coupled L2.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update(float* w, float* m, float* v, float* gradient, int count, float l2)
    {
        V shrinking = S.Broadcast(l2);
        if (isAdam)
        {
            for (int k = 0; k < count; k += S.Lanes)
            {
                V weights = S.Load(w + k), g = S.MultiplyAdd(shrinking, weights, S.Load(gradient + k));
                V first = S.MultiplyAdd(beta1, S.Load(m + k), S.Multiply(rest1, g));
                V second = S.MultiplyAdd(beta2, S.Load(v + k), S.Multiply(rest2, S.Multiply(g, g)));
                S.Store(first, m + k);
                S.Store(second, v + k);
                S.Store(S.MultiplyAdd(rate, S.AdamDirection(first, second, correction, epsilon), S.Multiply(keep, weights)), w + k);
            }
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
}
