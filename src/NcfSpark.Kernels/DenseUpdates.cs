using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Updates of the dense block, a piece (<see cref="DensePieces"/>) at a time. A band's rows of W_l are columns of the transposed copy, which
/// follows at once.
/// </summary>
internal static unsafe class DenseUpdates<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Piece(PackedLayout layout, StepMemory memory, int piece, int chunks, in UpdateRule rule)
    {
        if (piece == 0)
        {
            int start = layout.Shape.TrainedGmfHead ? 0 : layout.HeadMlpStart;
            Update(memory, layout.DenseSize, start, layout.HeadBiasStart + Padding.Lanes - start, chunks, in rule);
            return;
        }

        (int l, int output) = DensePieces.Band(layout, piece);
        int inputs = layout.Widths[l - 1];
        Update(memory, layout.DenseSize, layout.WeightStarts[l] + output * inputs, Padding.Lanes * inputs, chunks, in rule);
        Update(memory, layout.DenseSize, layout.BiasStarts[l] + output, Padding.Lanes, chunks, in rule);
        Transpose(memory.Weights + layout.WeightStarts[l] + output * inputs, memory.Transposed + layout.TransposedStarts[l] + output, inputs, layout.Widths[l]);
    }

    // Adds up the chunks' gradients in the order of chunks into the first one, then updates.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update(StepMemory memory, int size, int start, int count, int chunks, in UpdateRule rule)
    {
        float* sum = memory.ChunkGradient(0) + start;
        for (int k = 0; k < count; k += S.Lanes)
        {
            V g = S.Load(sum + k);
            float* other = sum + k;
            for (int chunk = 1; chunk < chunks; chunk++)
            {
                other += size;
                g = S.Add(g, S.Load(other));
            }

            S.Store(g, sum + k);
        }

        float* weights = memory.Weights + start;
        new AdamStep<S, V>(in rule).Update(weights, memory.FirstMoments + start, memory.SecondMoments + start, sum, count, l2: 0);
    }

    // 16 rows of W, each as long as the inputs, become 16 columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* rows, float* columns, int inputs, int outputs)
    {
        for (int k = 0; k < inputs; k++, columns += outputs)
        {
            float* value = rows + k;
            for (int n = 0; n < Padding.Lanes; n++, value += inputs) columns[n] = *value;
        }
    }
}
