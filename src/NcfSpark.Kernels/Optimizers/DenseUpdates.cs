using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Updates the dense block (<see cref="DenseBlock"/>), one piece (<see cref="DensePieces"/>) at a time. The rows of W_l in a
/// band are columns of its transposed copy, which is updated with them.
/// </summary>
internal static unsafe class DenseUpdates<S, V>
    where S : ISimd<V>
    where V : struct
{
    private const int SummedAtOnce = 256; // 1 KB of a first-level cache

    public static void Piece(DenseBlock dense, int piece, int chunks, in UpdateRule rule)
    {
        PackedLayout layout = dense.Layout;
        if (piece == 0)
        {
            int start = layout.Shape.TrainedGmfHead ? 0 : layout.HeadMlpStart;
            Update(dense, start, layout.HeadBiasStart + Padding.Lanes - start, chunks, in rule);
            return;
        }

        (DenseLayer layer, int output) = DensePieces.Band(layout, piece);
        int band = layer.Weight + output * layer.Inputs;
        Update(dense, band, Padding.Lanes * layer.Inputs, chunks, in rule);
        Update(dense, layer.Bias + output, Padding.Lanes, chunks, in rule);
        Transpose(dense.Weights + band, dense.Transposed + layer.Transposed + output, layer.Inputs, layer.Outputs);
    }

    // Adds the chunks' gradients in the order of chunks, then updates. The gradients are not cleared: a cache line that
    // is only read need not leave the cache of the core that wrote it and will write it again.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Update(DenseBlock dense, int start, int count, int chunks, in UpdateRule rule)
    {
        int size = dense.Layout.DenseSize;
        float* sum = stackalloc float[SummedAtOnce];
        var step = new AdamStep<S, V>(in rule);
        for (int end = start + count, some; start < end; start += some)
        {
            some = Math.Min(SummedAtOnce, end - start);
            for (int k = 0; k < some; k += S.Lanes)
            {
                float* gradient = dense.ChunkGradient(0) + start + k;
                V g = S.Load(gradient);
                for (int chunk = 1; chunk < chunks; chunk++)
                {
                    gradient += size;
                    g = S.Add(g, S.Load(gradient));
                }

                S.Store(g, sum + k);
            }

            step.Update(dense.Weights + start, dense.FirstMoments + start, dense.SecondMoments + start, sum, some, l2: 0);
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
/// layer, with their biases; the user encoder's layers follow the MLP's.
/// Example, layers 64 and 32: piece 1 is outputs 0-15 of layer 1, piece 5 outputs 0-15 of layer 2, and there are 7.
/// </summary>
internal static class DensePieces
{
    public static int Count(PackedLayout layout) => 1 + layout.AllLayers.Sum(layer => layer.Outputs) / Padding.Lanes;

    /// <summary>The layer and the first output of a band.</summary>
    public static (DenseLayer Layer, int Output) Band(PackedLayout layout, int piece)
    {
        int output = (piece - 1) * Padding.Lanes;
        foreach (DenseLayer layer in layout.Layers)
        {
            if (output < layer.Outputs) return (layer, output);
            output -= layer.Outputs;
        }

        DenseLayer hidden = layout.UserLayers[0];
        return output < hidden.Outputs ? (hidden, output) : (layout.UserLayers[1], output - hidden.Outputs);
    }
}
