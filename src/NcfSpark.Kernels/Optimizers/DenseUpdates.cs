using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Updates the dense block (layers and head), one piece (<see cref="DensePieces"/>) at a time. The rows of W_l in a
/// band are columns of its transposed copy, which is updated with them.
/// </summary>
internal static unsafe class DenseUpdates<S, V>
    where S : ISimd<V>
    where V : struct
{
    private const int SummedAtOnce = 256; // 1 KB of a first-level cache

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

    // Adds the chunks' gradients in the order of chunks, then updates. The gradients are not cleared: a cache line that
    // is only read need not leave the cache of the core that wrote it and will write it again.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Update(StepMemory memory, int size, int start, int count, int chunks, in UpdateRule rule)
    {
        float* sum = stackalloc float[SummedAtOnce];
        var step = new AdamStep<S, V>(in rule);
        for (int end = start + count, some; start < end; start += some)
        {
            some = Math.Min(SummedAtOnce, end - start);
            for (int k = 0; k < some; k += S.Lanes)
            {
                float* gradient = memory.ChunkGradient(0) + start + k;
                V g = S.Load(gradient);
                for (int chunk = 1; chunk < chunks; chunk++)
                {
                    gradient += size;
                    g = S.Add(g, S.Load(gradient));
                }

                S.Store(g, sum + k);
            }

            step.Update(memory.Weights + start, memory.FirstMoments + start, memory.SecondMoments + start, sum, some, l2: 0);
        }
    }

    // Copies 16 rows of W, each as long as the inputs, to 16 columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Transpose(float* rows, float* columns, int inputs, int outputs)
    {
        for (int k = 0; k < inputs; k++, columns += outputs)
        {
            float* value = rows + k;
            for (int n = 0; n < Padding.Lanes; n++, value += inputs) columns[n] = *value;
        }
    }
}

/// <summary>
/// How the dense block is divided for its update: piece 0 is the head; every other piece is a band of 16 outputs of a
/// layer, with their biases.
/// Example, layers 64 and 32: piece 1 is outputs 0-15 of layer 1, piece 5 outputs 0-15 of layer 2, and there are 7.
/// </summary>
internal static class DensePieces
{
    public static int Count(PackedLayout layout) => 1 + layout.Widths.Skip(1).Sum() / Padding.Lanes;

    /// <summary>The layer, from 1, and the first output of a band.</summary>
    public static (int Layer, int Output) Band(PackedLayout layout, int piece)
    {
        (int layer, int output) = (1, (piece - 1) * Padding.Lanes);
        for (; output >= layout.Widths[layer]; layer++) output -= layout.Widths[layer];
        return (layer, output);
    }
}
