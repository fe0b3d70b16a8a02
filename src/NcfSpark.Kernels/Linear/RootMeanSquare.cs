using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Normalization by the root mean square of a row (Zhang and Sennrich 2019):
/// <code>
/// forward     r = 1 / sqrt(mean(x²) + 1e-6)     y = r x ∘ g
/// backward    dx = r (dy ∘ g - r x mean(dy ∘ g ∘ r x))     dg = Σ dy ∘ r x
/// </code>
/// </summary>
internal static unsafe class RootMeanSquare<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <param name="inverse">Receives r of each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Forward(float* x, float* gain, float* y, float* inverse, int rows, int width)
    {
        for (int row = 0; row < rows; row++, x += width, y += width)
        {
            V squares = default;
            for (int k = 0; k < width; k += S.Lanes)
            {
                V value = S.Load(x + k);
                squares = S.MultiplyAdd(value, value, squares);
            }

            inverse[row] = 1 / MathF.Sqrt(S.Sum(squares) / width + AttentionShape.Epsilon);
            V scale = S.Broadcast(inverse[row]);
            for (int k = 0; k < width; k += S.Lanes) S.Store(S.Multiply(S.Multiply(S.Load(x + k), scale), S.Load(gain + k)), y + k);
        }
    }

    /// <param name="dx">Has the gradient added.</param>
    /// <param name="gainGradient">Has the gradient added.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Backward(float* x, float* gain, float* inverse, float* dy, float* dx, float* gainGradient, int rows, int width)
    {
        for (int row = 0; row < rows; row++, x += width, dy += width, dx += width)
        {
            V products = default, scale = S.Broadcast(inverse[row]);
            for (int k = 0; k < width; k += S.Lanes)
            {
                V product = S.Multiply(S.Load(dy + k), S.Multiply(S.Load(x + k), scale));
                S.Store(S.Add(S.Load(gainGradient + k), product), gainGradient + k);
                products = S.MultiplyAdd(product, S.Load(gain + k), products);
            }

            V mean = S.Broadcast(-S.Sum(products) / width * inverse[row]);
            for (int k = 0; k < width; k += S.Lanes)
            {
                V direction = S.MultiplyAdd(mean, S.Load(x + k), S.Multiply(S.Load(dy + k), S.Load(gain + k)));
                S.Store(S.MultiplyAdd(direction, scale, S.Load(dx + k)), dx + k);
            }
        }
    }
}
