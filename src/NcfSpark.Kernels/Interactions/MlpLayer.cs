using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Layer l of the MLP for a tile of B samples, from K inputs to N outputs; widths are padded.
/// <code>
/// y_l = drop(relu(W_l y_(l-1) + b_l))                                [B, N]     W_l [N, K]
/// dW_l = Σ delta_l y_(l-1)ᵀ     db_l = Σ delta_l                     delta_l [B, N]: the gradient before ReLU
/// delta_(l-1) = y_(l-1) > 0 ? W_lᵀ delta_l · scale_(l-1) : 0         [B, K]
/// </code>
/// </summary>
internal static unsafe class MlpLayer<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Forward(in TileWork work, int l)
    {
        Multiply(in work, l);
        if (work.Layout.Shape.DropoutAt(l) > 0) Drop(in work, l);
    }

    /// <summary>Also computes delta of the layer below, or of the embeddings.</summary>
    public static void Backward(in TileWork work, int l)
    {
        OfBias(in work, l);
        OfWeights(in work, l);
        if (l > 1) OfLayerBelow(in work, l);
        else MlpInput<S, V>.Backward(in work);
    }

    /// <summary>The product W_lᵀ delta_l, without where it goes.</summary>
    public static MatrixProduct TowardsInputs(in TileWork work, int l)
    {
        PackedLayout layout = work.Layout;
        return new MatrixProduct
        {
            A = work.Buffers.Delta(l),
            ARow = layout.Widths[l],
            ATerm = 1,
            B = work.Memory.Weights + layout.Layers[l - 1].Weight,
            BTerm = layout.Widths[l - 1],
            Start = work.Memory.Dense.Zeros,
            Rows = work.Rows,
            Terms = layout.Shape.Layers[l - 1],
        };
    }

    // y_l = relu(W_l y_(l-1) + b_l)
    private static void Multiply(in TileWork work, int l)
    {
        PackedLayout layout = work.Layout;
        int inputs = layout.Widths[l - 1], outputs = layout.Widths[l];
        var product = new MatrixProduct
        {
            A = work.Buffers.Activation(l - 1),
            ARow = inputs,
            ATerm = 1,
            B = work.Memory.Dense.Transposed + layout.Layers[l - 1].Transposed,
            BTerm = outputs,
            C = work.Buffers.Activation(l),
            CRow = outputs,
            Start = work.Memory.Weights + layout.Layers[l - 1].Bias,
            Rows = work.Rows,
            Terms = l == 1 ? inputs : layout.Shape.Layers[l - 2],
            Columns = outputs,
        };
        BlockedGemm<S, V>.Multiply<Relu>(in product, ref work.Buffers.Prefetch);
    }

    // y_l = kept ? scale · y_l : 0
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Drop(in TileWork work, int l)
    {
        PackedLayout layout = work.Layout;
        int width = layout.Widths[l];
        var dropout = new Dropout<S, V>(layout.Shape.DropoutAt(l), work.DropoutKey);
        var counters = new HashCounters(in work, l);
        float* y = work.Buffers.Activation(l);
        for (int j = 0; j < work.Count; j++, y += width) dropout.Apply(y, width, counters.Of(j));
    }

    // db_l = Σ delta_l, four vectors at a time, since each addition to one sum has to wait for the addition before
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OfBias(in TileWork work, int l)
    {
        int width = work.Layout.Widths[l], lanes = S.Lanes, samples = work.Count, k = 0;
        float* gradient = work.Gradient + work.Layout.Layers[l - 1].Bias, deltas = work.Buffers.Delta(l);
        if (work.First) new Span<float>(gradient, width).Clear();
        for (; k + 4 * lanes <= width; k += 4 * lanes)
        {
            float* sum = gradient + k, delta = deltas + k;
            V sum0 = S.Load(sum), sum1 = S.Load(sum + lanes), sum2 = S.Load(sum + 2 * lanes), sum3 = S.Load(sum + 3 * lanes);
            for (int j = 0; j < samples; j++, delta += width)
            {
                sum0 = S.Add(sum0, S.Load(delta));
                sum1 = S.Add(sum1, S.Load(delta + lanes));
                sum2 = S.Add(sum2, S.Load(delta + 2 * lanes));
                sum3 = S.Add(sum3, S.Load(delta + 3 * lanes));
            }

            S.Store(sum0, sum);
            S.Store(sum1, sum + lanes);
            S.Store(sum2, sum + 2 * lanes);
            S.Store(sum3, sum + 3 * lanes);
        }

        for (; k < width; k += lanes)
        {
            V sum = S.Load(gradient + k);
            float* delta = deltas + k;
            for (int j = 0; j < samples; j++, delta += width) sum = S.Add(sum, S.Load(delta));
            S.Store(sum, gradient + k);
        }
    }

    // dW_l = deltaᵀ_l y_(l-1)
    private static void OfWeights(in TileWork work, int l)
    {
        PackedLayout layout = work.Layout;
        int inputs = layout.Widths[l - 1], outputs = layout.Widths[l];
        float* gradient = work.Gradient + layout.Layers[l - 1].Weight;
        var product = new MatrixProduct
        {
            A = work.Buffers.Delta(l),
            ARow = 1,
            ATerm = outputs,
            B = work.Buffers.Activation(l - 1),
            BTerm = inputs,
            C = gradient,
            CRow = inputs,
            Start = work.First ? work.Memory.Dense.Zeros : gradient,
            StartRow = work.First ? 0 : inputs,
            Rows = (layout.Shape.Layers[l - 1] + 7) & ~7,
            Terms = work.Rows,
            Columns = inputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in product, ref work.Buffers.Prefetch);
    }

    // delta_(l-1) = y_(l-1) > 0 ? delta_l W_l · scale_(l-1) : 0
    private static void OfLayerBelow(in TileWork work, int l)
    {
        PackedLayout layout = work.Layout;
        int inputs = layout.Widths[l - 1];
        MatrixProduct product = TowardsInputs(in work, l);
        product.C = work.Buffers.Delta(l - 1);
        product.Gate = work.Buffers.Activation(l - 1);
        product.CRow = product.GateRow = product.Columns = inputs;
        product.Scale = DropoutHash.KeptScale(layout.Shape.DropoutAt(l - 1));
        BlockedGemm<S, V>.Multiply<WherePositive>(in product, ref work.Buffers.Prefetch);
    }
}
