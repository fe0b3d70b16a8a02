using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Backward pass of a tile: from d, the gradients of its logits, to the gradients of the dense block and of each
/// sample's rows.
/// </summary>
internal static unsafe class TileBackward<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Compute(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        HeadOfGmf(in work);
        if (work.Memory.Encoder is not null) UserHistoryTile<S, V>.Backward(in work);
        HeadBias(in work);
        if (layout.MlpWidth > 0)
        {
            HeadOfMlp(in work);
            for (int l = layout.Widths.Length - 1; l >= 1; l--)
            {
                OfBias(in work, l);
                OfWeights(in work, l);
                if (l > 1) OfLayerBelow(in work, l);
                else OfEmbeddings(in work);
            }
        }
    }

    // dh = Σ d (p ∘ q)     dp = d (h ∘ q)     dq = d (h ∘ p), p the user's vector;     with ReLU p and q are relu(row), and dp and dq are 0
    // where the row is not positive
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void HeadOfGmf(in TileWork work)
    {
        TileBuffers buffers = work.Buffers;
        int width = work.Layout.RowWidth;
        bool relu = work.Layout.Shape.EmbeddingRelu;
        for (int k = 0; k < work.Layout.GmfWidth; k += S.Lanes)
        {
            V head = S.Load(work.Memory.Weights + k), headGradient = work.First ? default : S.Load(work.Gradient + k);
            float* userGradient = buffers.UserGradients + k, itemGradient = buffers.ItemGradients + k;
            for (int j = 0; j < work.Count; j++, userGradient += width, itemGradient += width)
            {
                V d = S.Broadcast(buffers.LogitGradients[j]), p = S.Load(buffers.UserVectors[j] + k), q = S.Load(buffers.ItemRows[j] + k);
                if (relu) (p, q) = (S.Relu(p), S.Relu(q));
                V dp = S.Multiply(d, q);
                headGradient = S.MultiplyAdd(dp, p, headGradient);
                dp = S.Multiply(dp, head);
                V dq = S.Multiply(S.Multiply(d, head), p);
                if (relu) (dp, dq) = (S.WherePositive(p, dp), S.WherePositive(q, dq));
                S.Store(dp, userGradient);
                S.Store(dq, itemGradient);
            }

            S.Store(headGradient, work.Gradient + k);
        }
    }

    // db0 = Σ d     db_u = db_i = d
    private static void HeadBias(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        TileBuffers buffers = work.Buffers;
        float sum = work.First ? 0 : work.Gradient[layout.HeadBiasStart];
        for (int j = 0; j < work.Count; j++) sum += buffers.LogitGradients[j];
        work.Gradient[layout.HeadBiasStart] = sum;
        if (!layout.Shape.Biases) return;
        float* userGradient = buffers.UserGradients + layout.BiasStart, itemGradient = buffers.ItemGradients + layout.BiasStart;
        for (int j = 0; j < work.Count; j++, userGradient += layout.RowWidth, itemGradient += layout.RowWidth)
        {
            new Span<float>(userGradient, Padding.Lanes).Clear();
            new Span<float>(itemGradient, Padding.Lanes).Clear();
            *userGradient = *itemGradient = buffers.LogitGradients[j];
        }
    }

    // dh = Σ d y_L     delta_L = y_L > 0 ? d h · scale_L : 0
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void HeadOfMlp(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        TileBuffers buffers = work.Buffers;
        int last = layout.Widths.Length - 1, width = layout.Widths[last];
        float* weights = work.Memory.Weights + layout.HeadMlpStart, gradient = work.Gradient + layout.HeadMlpStart;
        V scale = S.Broadcast(DropoutHash.KeptScale(layout.Shape.DropoutAt(last)));
        for (int k = 0; k < width; k += S.Lanes)
        {
            V head = S.Multiply(S.Load(weights + k), scale), headGradient = work.First ? default : S.Load(gradient + k);
            float* y = buffers.Activation(last) + k, delta = buffers.Delta(last) + k;
            for (int j = 0; j < work.Count; j++, y += width, delta += width)
            {
                V d = S.Broadcast(buffers.LogitGradients[j]), output = S.Load(y);
                headGradient = S.MultiplyAdd(d, output, headGradient);
                S.Store(S.WherePositive(output, S.Multiply(d, head)), delta);
            }

            for (int j = work.Count; j < work.Rows; j++, delta += width) S.Store(default, delta);
            S.Store(headGradient, gradient + k);
        }
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

    // [dp'; dq'] = delta_1 W_1 ∘ gate, each half written straight into the gradients of its rows
    private static void OfEmbeddings(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        int half = layout.MlpWidth;
        bool gated = layout.Shape.EmbeddingRelu || layout.Shape.DropoutAt(0) > 0;
        MatrixProduct product = TowardsInputs(in work, 1);
        (product.CRow, product.Columns, product.GateRow) = (layout.RowWidth, half, 2 * half);
        for (int side = 0; side < 2; side++)
        {
            product.C = (side == 0 ? work.Buffers.UserGradients : work.Buffers.ItemGradients) + layout.MlpStart;
            product.Gate = work.Buffers.InputGate + side * half;
            if (gated) BlockedGemm<S, V>.Multiply<TimesGate>(in product, ref work.Buffers.Prefetch);
            else BlockedGemm<S, V>.Multiply<Plain>(in product, ref work.Buffers.Prefetch);
            product.B += half;
        }
    }

    private static MatrixProduct TowardsInputs(in TileWork work, int l)
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
}
