using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Forward pass of a tile: from the rows of its users and items to logits, losses and the gradients of the logits.
/// </summary>
internal static unsafe class TileForward<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <returns>The sum of the samples' losses.</returns>
    public static double Compute(in TileWork work)
    {
        PackedLayout layout = work.Layout;
        FindRows(in work);
        if (work.Memory.Encoder is not null) UserHistoryTile<S, V>.Forward(in work);
        if (layout.MlpWidth > 0)
        {
            Gather(in work);
            GateInput(in work);
            for (int l = 1; l < layout.Widths.Length; l++)
            {
                Layer(in work, l);
                if (layout.Shape.DropoutAt(l) > 0) Drop(in work, l);
            }
        }

        Head(in work);
        return Loss(in work);
    }

    private static void FindRows(in TileWork work)
    {
        TileBuffers buffers = work.Buffers;
        for (int j = 0; j < work.Count; j++)
        {
            buffers.UserRows[j] = work.Memory.User(work.Batch.Users[work.Start + j]);
            buffers.ItemRows[j] = work.Memory.Item(work.Batch.Items[work.Start + j]);
        }
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
    private static void GateInput(in TileWork work)
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
                    GateInput(y + k, gate + k, low, relu);
                    GateInput(y + k + Padding.Lanes, gate + k + Padding.Lanes, high, relu); // always there: the input is two embeddings of whole vectors
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GateInput(float* y, float* gate, V factor, bool relu)
    {
        V x = S.Load(y);
        if (relu) factor = S.WherePositive(x, factor);
        S.Store(factor, gate);
        S.Store(S.Multiply(x, factor), y);
    }

    // y_l = relu(W_l y_(l-1) + b_l)
    private static void Layer(in TileWork work, int l)
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

    // logit = h · [u ∘ q; y_L] + b0 + b_u + b_i
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Head(in TileWork work)
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

    private static double Loss(in TileWork work)
    {
        TileBuffers buffers = work.Buffers;
        return LogisticLoss<S, V>.Compute(
            buffers.Logits, work.Batch.Labels + work.Start, work.Batch.Weights + work.Start, work.Count, work.Batch.Count, buffers.Losses,
            buffers.LogitGradients);
    }

    // The number of each sample's first hash for a layer (DropoutHash). A struct that is inlined, so that no call in
    // the loop spills vectors from registers.
    private readonly struct HashCounters(in TileWork work, int layer)
    {
        private readonly int* places = work.Batch.Places + work.Start;
        private readonly uint each = (uint)work.Layout.HashStarts[^1], first = (uint)work.Layout.HashStarts[layer];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public uint Of(int sample) => (uint)places[sample] * each + first;
    }
}
