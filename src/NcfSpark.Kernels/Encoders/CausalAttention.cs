using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Causal attention of one user's tokens with biases by distance and by time, head by head:
/// <code>
/// logit[t, s] = q_t · k_s + position[t - s] + time[bucket(t, s)], s ≤ t     P = softmax over s     o_t = Σ_s P[t, s] v_s
/// dP[t, s] = do_t · v_s     dlogit[t, s] = P[t, s] (dP[t, s] - do_t · o_t)
/// dv_s = Σ_t P[t, s] do_t     dq_t = Σ_s dlogit[t, s] k_s     dk_s = Σ_t dlogit[t, s] q_t     dbias = Σ dlogit where it was added
/// </code>
/// q is scaled already. Logits are computed in bands of 16 rows, each only as far as its last row sees.
/// The buckets of a row never rise with s, so a row has few runs of one bucket, and a bias is written run by run.
/// </summary>
internal static unsafe class CausalAttention<S, V>
    where S : ISimd<V>
    where V : struct
{
    private const int Band = AttentionBuffers.RowsAtOnce;

    /// <summary>Writes where the runs of equal time buckets of each row start.</summary>
    public static void FindRuns(in AttentionPass pass, AttentionBuffers buffers)
    {
        int* starts = buffers.Runs, runs = buffers.Runs + buffers.Rows + 1;
        int count = 0;
        for (int q = 0; q < pass.Count; q++)
        {
            ref AttentionSequence sequence = ref pass.Sequences[q];
            long* times = sequence.Times;
            for (int t = 0; t < sequence.Count; t++)
            {
                starts[sequence.Row + t] = count;
                for (int s = 0; s <= t;)
                {
                    int bucket = TimeBuckets.Of(times[t] - times[s]);
                    runs[count++] = (bucket << 16) | s;
                    if (bucket == 0) break;
                    long latest = times[t] - TimeBuckets.Least(bucket);
                    do s++;
                    while (s <= t && times[s] <= latest);
                }
            }

            for (int t = sequence.Count; t < sequence.PaddedCount; t++) starts[sequence.Row + t] = count;
        }

        starts[pass.Rows] = count;
    }

    public static void Forward(in AttentionPass pass, AttentionBuffers buffers, in AttentionBlock block, AttentionWeights weights, int number)
    {
        AttentionShape shape = buffers.Shape;
        int e = shape.Size, d = e / shape.Heads, stride = buffers.LogitStride;
        for (int q = 0; q < pass.Count; q++)
        {
            AttentionSequence sequence = pass.Sequences[q];
            int rows = sequence.PaddedCount;
            for (int h = 0; h < shape.Heads; h++)
            {
                float* queries = block.Input + (long)sequence.Row * 4 * e + h * d, shares = SharesOf(in block, in sequence, shape, h, stride);
                float* values = queries + 2 * e, outputs = block.Attended + (long)sequence.Row * e + h * d;
                Transpose(queries + e, 4 * e, buffers.Transposed, stride, rows, d);
                for (int first = 0; first < rows; first += Band)
                {
                    int some = Math.Min(Band, rows - first), seen = Padding.Padded(first + some);
                    float* band = shares + (long)first * stride;
                    Gemm<S, V>.Multiply(queries + (long)first * 4 * e, 4 * e, 1, buffers.Transposed, stride, band, stride, buffers.Zeros, 0, some, d, seen);
                    Softmax(buffers, weights, number, h, sequence.Row, first, some, seen, band);
                    Gemm<S, V>.Multiply(band, stride, 1, values, 4 * e, outputs + (long)first * e, e, buffers.Zeros, 0, some, first + some, d);
                }
            }
        }
    }

    /// <param name="gradient">Of o [rows, E].</param>
    /// <param name="inputGradient">Receives that of [q; k; v], a row each 4 E.</param>
    /// <param name="timeGradient">Has that of the time biases [H, 64] added.</param>
    public static void Backward(
        in AttentionPass pass, AttentionBuffers buffers, in AttentionBlock block, AttentionWeights weights, int number, float* gradient, float* inputGradient,
        float* timeGradient)
    {
        AttentionShape shape = buffers.Shape;
        int e = shape.Size, d = e / shape.Heads, stride = buffers.LogitStride;
        float* logits = buffers.LogitGradient, zeros = buffers.Zeros;
        for (int q = 0; q < pass.Count; q++)
        {
            AttentionSequence sequence = pass.Sequences[q];
            int rows = sequence.PaddedCount;
            for (int h = 0; h < shape.Heads; h++)
            {
                long row = (long)sequence.Row;
                float* queries = block.Input + row * 4 * e + h * d, keys = queries + e, values = keys + e;
                float* shares = SharesOf(in block, in sequence, shape, h, stride);
                float* outputs = block.Attended + row * e + h * d, dOutputs = gradient + row * e + h * d;
                float* dQueries = inputGradient + row * 4 * e + h * d, dKeys = dQueries + e, dValues = dKeys + e;
                float* position = buffers.PositionGradient + ((long)number * shape.Heads + h) * weights.ReversedLength;
                Transpose(values, 4 * e, buffers.Transposed, stride, rows, d);
                for (int first = 0; first < rows; first += Band)
                {
                    int some = Math.Min(Band, rows - first), seen = Padding.Padded(first + some);
                    float* band = logits + (long)first * stride;
                    Gemm<S, V>.Multiply(dOutputs + (long)first * e, e, 1, buffers.Transposed, stride, band, stride, zeros, 0, some, d, seen);
                    SoftmaxBackward(
                        buffers, sequence.Row, first, some, seen, shares + (long)first * stride, band, outputs, dOutputs, d, position,
                        timeGradient + h * TimeBuckets.Count);
                    Gemm<S, V>.Multiply(band, stride, 1, keys, 4 * e, dQueries + (long)first * 4 * e, 4 * e, zeros, 0, some, first + some, d);
                }

                for (int first = 0; first < rows; first += Band)
                {
                    int some = Math.Min(Band, rows - first);
                    long at = (long)first * stride + first;
                    Gemm<S, V>.Multiply(
                        shares + at, 1, stride, dOutputs + (long)first * e, e, dValues + (long)first * 4 * e, 4 * e, zeros, 0, some, rows - first, d);
                    Gemm<S, V>.Multiply(
                        logits + at, 1, stride, queries + (long)first * 4 * e, 4 * e, dKeys + (long)first * 4 * e, 4 * e, zeros, 0, some, rows - first, d);
                }
            }
        }
    }

    private static float* SharesOf(in AttentionBlock block, in AttentionSequence sequence, AttentionShape shape, int head, int stride) =>
        block.Shares + ((long)shape.Heads * sequence.Row + (long)head * sequence.PaddedCount) * stride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Transpose(float* rows, int rowStride, float* columns, int columnStride, int count, int width)
    {
        for (int r = 0; r < count; r += 8)
        {
            float* row = rows + (long)r * rowStride, column = columns + r;
            for (int k = 0; k < width; k++, column += columnStride)
            {
                float* from = row + k;
                for (int i = 0; i < 8; i++, from += rowStride) column[i] = *from;
            }
        }

        // A band is computed to the end of its last vector; what is masked there must at least be finite.
        for (int k = 0; k < width; k++)
        {
            for (int r = count; r < Padding.Padded(count); r++) columns[(long)k * columnStride + r] = 0;
        }
    }

    // Adds the biases to a band of logits and replaces them by their softmax.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Softmax(AttentionBuffers buffers, AttentionWeights weights, int block, int head, int row, int first, int count, int seen, float* band)
    {
        float* position = weights.Reversed(block, head) + buffers.Shape.Length - 1, bias = buffers.TimeBias;
        float* ofBucket = weights.Of(block, AttentionPart.Time) + head * TimeBuckets.Count;
        int* starts = buffers.Runs + row, runs = buffers.Runs + buffers.Rows + 1;
        float* lanes = stackalloc float[Padding.Lanes];
        for (int t = first; t < first + count; t++, band += buffers.LogitStride)
        {
            int end = starts[t + 1];
            for (int run = starts[t]; run < end; run++)
            {
                V value = S.Broadcast(ofBucket[runs[run] >> 16]);
                int stop = run + 1 < end ? runs[run + 1] & 0xFFFF : seen;
                for (int s = runs[run] & 0xFFFF; s < stop; s += S.Lanes) S.Store(value, bias + s);
            }

            float* distance = position - Math.Min(t, buffers.Shape.Length - 1); // rows of padding may lie beyond
            V most = S.Broadcast(AttentionWeights.Masked);
            for (int s = 0; s < seen; s += S.Lanes)
            {
                V logit = S.Add(S.Load(band + s), S.Add(S.Load(distance + s), S.Load(bias + s)));
                S.Store(logit, band + s);
                most = S.Max(most, logit);
            }

            S.Store(most, lanes);
            float largest = lanes[0];
            for (int k = 1; k < S.Lanes; k++) largest = MathF.Max(largest, lanes[k]);
            V shift = S.Broadcast(largest), sum = default;
            for (int s = 0; s < seen; s += S.Lanes)
            {
                V share = S.Exp(S.Subtract(S.Load(band + s), shift));
                S.Store(share, band + s);
                sum = S.Add(sum, share);
            }

            V scale = S.Broadcast(1 / S.Sum(sum));
            for (int s = 0; s < seen; s += S.Lanes) S.Store(S.Multiply(S.Load(band + s), scale), band + s);
        }
    }

    // Replaces dP of a band by the gradient of the logits, and adds it to that of the biases.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SoftmaxBackward(
        AttentionBuffers buffers, int row, int first, int count, int seen, float* shares, float* band, float* outputs, float* dOutputs, int width,
        float* position, float* time)
    {
        int e = buffers.Shape.Size, stride = buffers.LogitStride;
        int* starts = buffers.Runs + row, runs = buffers.Runs + buffers.Rows + 1;
        for (int t = first; t < first + count; t++, band += stride, shares += stride)
        {
            V products = default;
            for (int k = 0; k < width; k += S.Lanes) products = S.MultiplyAdd(S.Load(outputs + (long)t * e + k), S.Load(dOutputs + (long)t * e + k), products);
            V mean = S.Broadcast(S.Sum(products));
            float* distance = position + buffers.Shape.Length - 1 - Math.Min(t, buffers.Shape.Length - 1);
            for (int s = 0; s < seen; s += S.Lanes)
            {
                V slope = S.Multiply(S.Load(shares + s), S.Subtract(S.Load(band + s), mean));
                S.Store(slope, band + s);
                S.Store(S.Add(S.Load(distance + s), slope), distance + s);
            }

            int end = starts[t + 1];
            for (int run = starts[t]; run < end; run++)
            {
                int s = runs[run] & 0xFFFF, stop = run + 1 < end ? runs[run + 1] & 0xFFFF : t + 1;
                V sums = default;
                for (; s + S.Lanes <= stop; s += S.Lanes) sums = S.Add(sums, S.Load(band + s));
                float sum = S.Sum(sums);
                for (; s < stop; s++) sum += band[s];
                time[runs[run] >> 16] += sum;
            }
        }
    }
}

/// <summary>A plain <see cref="MatrixProduct"/>, without prefetching.</summary>
internal static unsafe class Gemm<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <inheritdoc cref="MatrixProduct"/>
    public static void Multiply(
        float* a, int aRow, int aTerm, float* b, int bTerm, float* c, int cRow, float* start, int startRow, int rows, int terms, int columns)
    {
        PrefetchList none = default;
        var product = new MatrixProduct
        {
            A = a, ARow = aRow, ATerm = aTerm, B = b, BTerm = bTerm, C = c, CRow = cRow, Start = start, StartRow = startRow, Rows = rows, Terms = terms,
            Columns = columns,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in product, ref none);
    }
}
