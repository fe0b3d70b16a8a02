using System.Numerics;
using System.Runtime.InteropServices;

namespace NcfSpark.Training;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1), on the rows that a step touches: moments of other rows stand still, and the count of steps is that of
/// the whole model, as in Torch's SparseAdam.
/// <code>
/// m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g²
/// w = w - rate / (1 - b1^t) · m / (sqrt(v) / sqrt(1 - b2^t) + e)
/// </code>
/// </summary>
internal readonly struct Adam
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f; // the paper's values

    private readonly float stepSize;
    private readonly float rootCorrection;

    /// <param name="step">t, from 1.</param>
    public Adam(double learningRate, long step)
    {
        stepSize = (float)(learningRate / (1 - Math.Pow(Beta1, step)));
        rootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, step)));
    }

    /// <summary>Updates weights and their moments from their gradient; all have one length.</summary>
    public void Update(Span<float> weights, Span<float> firstMoments, Span<float> secondMoments, ReadOnlySpan<float> gradients)
    {
        Span<Vector<float>> w = MemoryMarshal.Cast<float, Vector<float>>(weights);
        Span<Vector<float>> m = MemoryMarshal.Cast<float, Vector<float>>(firstMoments), v = MemoryMarshal.Cast<float, Vector<float>>(secondMoments);
        ReadOnlySpan<Vector<float>> g = MemoryMarshal.Cast<float, Vector<float>>(gradients);
        var epsilon = new Vector<float>(Epsilon);
        for (int i = 0; i < w.Length; i++)
        {
            m[i] = Beta1 * m[i] + (1 - Beta1) * g[i];
            v[i] = Beta2 * v[i] + (1 - Beta2) * (g[i] * g[i]);
            w[i] -= stepSize * m[i] / (Vector.SquareRoot(v[i]) * rootCorrection + epsilon);
        }

        for (int i = w.Length * Vector<float>.Count; i < weights.Length; i++)
        {
            float gradient = gradients[i];
            firstMoments[i] = Beta1 * firstMoments[i] + (1 - Beta1) * gradient;
            secondMoments[i] = Beta2 * secondMoments[i] + (1 - Beta2) * (gradient * gradient);
            weights[i] -= stepSize * firstMoments[i] / (MathF.Sqrt(secondMoments[i]) * rootCorrection + Epsilon);
        }
    }
}
