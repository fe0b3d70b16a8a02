using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The head for a tile of B samples: the product of the user's and the item's vector (GMF) and the MLP's output, in one
/// sum. u, q [B, E], y_L [B, N], h [E + N].
/// <code>
/// logit = h · [u ∘ q; y_L] + b0 (+ b_u + b_i)          d: the gradient of the logit
/// du = d (h ∘ q)     dq = d (h ∘ u)     dh = Σ d [u ∘ q; y_L]     db0 = Σ d     db_u = db_i = d
/// delta_L = y_L > 0 ? d h · scale_L : 0
/// </code>
/// Without a GMF part or without an MLP, its part of the sum is empty; "dot" is GMF with h fixed at 1.
/// </summary>
internal static unsafe class Head<S, V>
    where S : ISimd<V>
    where V : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Forward(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        TileBuffers buffers = work.Buffers;
        int gmf = layout.GmfWidth, last = layout.Widths[^1], biasStart = layout.BiasStart;
        bool relu = layout.Shape.EmbeddingRelu, biases = layout.Shape.Biases;
        float* headGmf = work.Memory.Weights, headMlp = headGmf + layout.HeadMlpStart, y = buffers.Activation(layout.Widths.Length - 1);
        float bias = headGmf[layout.HeadBiasStart];
        for (int j = 0; j < work.Count; j++, y += last)
        {
            float* user = buffers.UserVectors[j], item = buffers.ItemRows[j];
            V sum = default;
            for (int k = 0; k < gmf; k += S.Lanes)
            {
                V p = S.Load(user + k), q = S.Load(item + k);
                if (relu) (p, q) = (S.Relu(p), S.Relu(q));
                sum = S.MultiplyAdd(S.Multiply(p, q), S.Load(headGmf + k), sum);
            }

            for (int k = 0; k < last; k += S.Lanes) sum = S.MultiplyAdd(S.Load(y + k), S.Load(headMlp + k), sum);
            float logit = S.Sum(sum) + bias;
            if (biases) logit += buffers.UserRows[j][biasStart] + item[biasStart];
            buffers.Logits[j] = logit;
        }
    }

    // With ReLU u and q are relu(row), and du and dq are 0 where the row is not positive.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void BackwardOfGmf(in TileWork work)
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

    public static void BackwardOfBias(in TileWork work)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void BackwardOfMlp(in TileWork work)
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
}
