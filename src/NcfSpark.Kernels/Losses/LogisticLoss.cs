using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// loss = w (max(z, 0) - z y + log(1 + e^-|z|)), which is -w log σ(z) for y = 1 and -w log(1 - σ(z)) for y = 0, and
/// never overflows; its gradient is w (σ(z) - y), of the mean w (σ(z) - y) / B.
/// </summary>
internal static unsafe class LogisticLoss<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <summary>
    /// Computes losses and gradients. Whole vectors are read and written, past <paramref name="count"/>.
    /// </summary>
    /// <param name="logits">z</param>
    /// <param name="labels">y</param>
    /// <param name="weights">w</param>
    /// <param name="batch">B, the samples of the batch.</param>
    /// <param name="losses">Receives each sample's loss.</param>
    /// <param name="gradients">Receives each logit's gradient.</param>
    /// <returns>The sum of the losses, in their order.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double Compute(float* logits, float* labels, float* weights, int count, int batch, float* losses, float* gradients)
    {
        V one = S.Broadcast(1), inverseCount = S.Broadcast(1f / batch);
        for (int j = 0; j < count; j += S.Lanes)
        {
            V z = S.Load(logits + j), y = S.Load(labels + j), w = S.Load(weights + j);
            V e = S.Exp(S.Subtract(default, S.Abs(z))), onePlus = S.Add(one, e), inverse = S.Divide(one, onePlus);
            V positive = S.WherePositive(z, one); // σ(z) is 1 / (1 + e) from 0 up and e / (1 + e) below
            V sigmoid = S.MultiplyAdd(positive, inverse, S.Multiply(S.Subtract(one, positive), S.Multiply(e, inverse)));
            S.Store(S.Multiply(w, S.Add(S.Subtract(S.Relu(z), S.Multiply(z, y)), S.Log(onePlus))), losses + j);
            S.Store(S.Multiply(S.Multiply(w, S.Subtract(sigmoid, y)), inverseCount), gradients + j);
        }

        double sum = 0;
        for (int j = 0; j < count; j++) sum += losses[j];
        return sum;
    }
}
