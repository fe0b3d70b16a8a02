using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The input of the MLP for a tile of B samples: their users' and items' MLP embeddings side by side, [B, 2 M].
/// <code>
/// y_0 = gate ∘ [p'; q']     gate = (kept ? scale : 0), and with ReLU 0 where the embedding is not positive
/// [dp'; dq'] = gate ∘ W_1ᵀ delta_1
/// </code>
/// </summary>
internal static unsafe class MlpInput<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Forward(in TileWork work)
    {
        Gather(in work);
        Gate(in work);
    }

    // y_0 = [p'; q']
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Gather(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        int half = layout.MlpWidth, mlpStart = layout.MlpStart;
        float* y = work.Buffers.Activation(0);
        for (int j = 0; j < work.Count; j++, y += 2 * half)
        {
            float* user = work.Buffers.UserRows[j] + mlpStart, item = work.Buffers.ItemRows[j] + mlpStart;
            for (int k = 0; k < half; k += S.Lanes)
            {
                S.Store(S.Load(user + k), y + k);
                S.Store(S.Load(item + k), y + half + k);
            }
        }

        new Span<float>(y, (work.Rows - work.Count) * 2 * half).Clear();
    }

    // gate = (kept ? scale : 0) and, with ReLU, (y_0 > 0 ? … : 0); y_0 = gate · y_0
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Gate(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        double rate = layout.Shape.DropoutAt(0);
        bool relu = layout.Shape.EmbeddingRelu;
        if (rate == 0 && !relu) return;
        int width = layout.Widths[0];
        var dropout = new Dropout<S, V>(rate, work.DropoutKey);
        var counters = new HashCounters(in work, layer: 0);
        float* y = work.Buffers.Activation(0), gate = work.Buffers.InputGate;
        for (int j = 0; j < work.Count; j++, y += width, gate += width)
        {
            uint counter = counters.Of(j);
            for (int lane = 0; lane < width; lane += 2 * Padding.Lanes, counter += Padding.Lanes)
            {
                for (int k = lane; k < lane + Padding.Lanes; k += S.Lanes)
                {
                    (V low, V high) = dropout.Factors(counter + (uint)(k - lane)); // with rate 0 all kept, scaled by 1
                    Gate(y + k, gate + k, low, relu);
                    Gate(y + k + Padding.Lanes, gate + k + Padding.Lanes, high, relu); // always there: the input is two embeddings of whole vectors
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gate(float* y, float* gate, V factor, bool relu)
    {
        V x = S.Load(y);
        if (relu) factor = S.WherePositive(x, factor);
        S.Store(factor, gate);
        S.Store(S.Multiply(x, factor), y);
    }

    /// <summary>Each half is written straight into the gradients of its rows.</summary>
    public static void Backward(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        int half = layout.MlpWidth;
        bool gated = layout.Shape.EmbeddingRelu || layout.Shape.DropoutAt(0) > 0;
        MatrixProduct product = MlpLayer<S, V>.TowardsInputs(in work, 1);
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
}
