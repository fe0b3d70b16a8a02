using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The two gates of an attention block, row by row, with the rows of their inputs inside wider ones:
/// <code>
/// residual    y = x + σ(z) ∘ c              dz = dy ∘ c ∘ σ(z) (1 - σ(z))     dc = dy ∘ σ(z)     dx = dy
/// SwiGLU      y = silu(u) ∘ w               du = dy ∘ w ∘ σ(u) (1 + u (1 - σ(u)))     dw = dy ∘ silu(u)     silu(u) = u σ(u)
/// </code>
/// </summary>
internal static unsafe class GatedUnits<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <param name="gate">z, replaced by σ(z); a row each <paramref name="gateStride"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddGated(float* x, float* gate, int gateStride, float* added, float* y, int rows, int width)
    {
        for (int row = 0; row < rows; row++, x += width, gate += gateStride, added += width, y += width)
        {
            for (int k = 0; k < width; k += S.Lanes)
            {
                V share = Sigmoid(S.Load(gate + k));
                S.Store(share, gate + k);
                S.Store(S.MultiplyAdd(share, S.Load(added + k), S.Load(x + k)), y + k);
            }
        }
    }

    /// <param name="gate">σ(z).</param>
    /// <param name="gateGradient">Receives dz; a row each <paramref name="gateStride"/>, too.</param>
    /// <param name="addedGradient">Receives dc.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddGatedBackward(
        float* dy, float* gate, int gateStride, float* added, float* gateGradient, float* addedGradient, int rows, int width)
    {
        V one = S.Broadcast(1);
        for (int row = 0; row < rows; row++, dy += width, gate += gateStride, added += width, gateGradient += gateStride, addedGradient += width)
        {
            for (int k = 0; k < width; k += S.Lanes)
            {
                V share = S.Load(gate + k), passed = S.Multiply(S.Load(dy + k), share);
                S.Store(passed, addedGradient + k);
                S.Store(S.Multiply(S.Multiply(passed, S.Load(added + k)), S.Subtract(one, share)), gateGradient + k);
            }
        }
    }

    /// <param name="hidden">[u; w; …], a row each <paramref name="stride"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void SwiGlu(float* hidden, int stride, float* y, int rows, int width)
    {
        for (int row = 0; row < rows; row++, hidden += stride, y += width)
        {
            for (int k = 0; k < width; k += S.Lanes)
            {
                V u = S.Load(hidden + k);
                S.Store(S.Multiply(S.Multiply(u, Sigmoid(u)), S.Load(hidden + width + k)), y + k);
            }
        }
    }

    /// <param name="gradient">Receives [du; dw; …].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void SwiGluBackward(float* dy, float* hidden, int stride, float* gradient, int rows, int width)
    {
        V one = S.Broadcast(1);
        for (int row = 0; row < rows; row++, dy += width, hidden += stride, gradient += stride)
        {
            for (int k = 0; k < width; k += S.Lanes)
            {
                V u = S.Load(hidden + k), share = Sigmoid(u), unit = S.Multiply(u, share), toUnits = S.Load(dy + k);
                S.Store(S.Multiply(toUnits, unit), gradient + width + k);
                V slope = S.MultiplyAdd(unit, S.Subtract(one, share), share);
                S.Store(S.Multiply(S.Multiply(toUnits, S.Load(hidden + width + k)), slope), gradient + k);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Sigmoid(V x) => S.Divide(S.Broadcast(1), S.Add(S.Broadcast(1), S.Exp(S.Subtract(default, x))));
}
