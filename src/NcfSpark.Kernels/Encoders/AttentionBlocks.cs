using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>A pass through the encoder of <see cref="AttentionShape"/> and back.</summary>
internal static unsafe class AttentionBlocks<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <summary>Computes v of every token, into <see cref="AttentionBuffers.Final"/>.</summary>
    public static void Forward(in AttentionPass pass, AttentionBuffers buffers, AttentionWeights weights)
    {
        AttentionShape shape = weights.Shape;
        int e = shape.Size, f = shape.Hidden, h = 2 * f + e, rows = pass.Rows;
        float* x = buffers.Block(0).X;
        Embed(in pass, weights, x);
        Drop(in pass, weights, site: 0, x);
        CausalAttention<S, V>.FindRuns(in pass, buffers);
        for (int b = 0; b < shape.Blocks; b++)
        {
            AttentionBlock block = buffers.Block(b);
            RootMeanSquare<S, V>.Forward(block.X, weights.Of(b, AttentionPart.Norm1), block.Normed, block.Inverse, rows, e);
            Layer(block.Normed, e, weights.Transposed(b, AttentionPart.Input), 4 * e, block.Input);
            Scale(block.Input, 4 * e, rows, e, 1 / MathF.Sqrt(e / shape.Heads));
            CausalAttention<S, V>.Forward(in pass, buffers, in block, weights, b);
            Layer(block.Attended, e, weights.Transposed(b, AttentionPart.Output), e, block.Added);
            Drop(in pass, weights, 1 + 2 * b, block.Added);
            GatedUnits<S, V>.AddGated(block.X, block.Input + 3 * e, 4 * e, block.Added, block.Middle, rows, e);
            RootMeanSquare<S, V>.Forward(block.Middle, weights.Of(b, AttentionPart.Norm2), block.MiddleNormed, block.MiddleInverse, rows, e);
            Layer(block.MiddleNormed, e, weights.Transposed(b, AttentionPart.Hidden), h, block.Hidden);
            GatedUnits<S, V>.SwiGlu(block.Hidden, h, block.Units, rows, f);
            Layer(block.Units, f, weights.Transposed(b, AttentionPart.Final), e, block.FinalAdded);
            Drop(in pass, weights, 2 + 2 * b, block.FinalAdded);
            x = buffers.Output(b);
            GatedUnits<S, V>.AddGated(block.Middle, block.Hidden + 2 * f, h, block.FinalAdded, x, rows, e);
        }

        RootMeanSquare<S, V>.Forward(x, weights.Values + weights.NormStart, buffers.Final, buffers.InverseFinal, rows, e);

        void Layer(float* from, int inputs, float* transposed, int outputs, float* to) =>
            Gemm<S, V>.Multiply(from, inputs, 1, transposed, outputs, to, outputs, buffers.Zeros, 0, rows, inputs, outputs);
    }

    /// <summary>
    /// Adds the gradient of all matrices to those of a chunk, and leaves that of the tokens (sqrt(E) q + gap + moment) in
    /// <see cref="AttentionBuffers.Gradient"/>.
    /// </summary>
    /// <param name="toFinal">The gradient of v.</param>
    /// <param name="gradient">Of the matrices, laid out as <see cref="AttentionWeights"/>.</param>
    public static void Backward(in AttentionPass pass, AttentionBuffers buffers, AttentionWeights weights, float* toFinal, float* gradient)
    {
        AttentionShape shape = weights.Shape;
        int e = shape.Size, f = shape.Hidden, h = 2 * f + e, rows = pass.Rows;
        float* dx = buffers.Gradient, dRow = buffers.RowGradient, dInput = buffers.InputGradient;
        float* dHidden = buffers.HiddenGradient, dUnits = buffers.UnitGradient;
        new Span<float>(dx, rows * e).Clear();
        RootMeanSquare<S, V>.Backward(
            buffers.Output(shape.Blocks - 1), weights.Values + weights.NormStart, buffers.InverseFinal, toFinal, dx, gradient + weights.NormStart, rows, e);
        for (int b = shape.Blocks - 1; b >= 0; b--)
        {
            AttentionBlock block = buffers.Block(b);
            GatedUnits<S, V>.AddGatedBackward(dx, block.Hidden + 2 * f, h, block.FinalAdded, dHidden + 2 * f, dRow, rows, e);
            Drop(in pass, weights, 2 + 2 * b, dRow);
            OfLayer(AttentionPart.Final, b, dRow, e, block.Units, f);
            Back(AttentionPart.Final, b, dRow, e, dUnits, f);
            GatedUnits<S, V>.SwiGluBackward(dUnits, block.Hidden, h, dHidden, rows, f);
            OfLayer(AttentionPart.Hidden, b, dHidden, h, block.MiddleNormed, e);
            Back(AttentionPart.Hidden, b, dHidden, h, dRow, e);
            RootMeanSquare<S, V>.Backward(
                block.Middle, weights.Of(b, AttentionPart.Norm2), block.MiddleInverse, dRow, dx, gradient + weights.StartOf(b, AttentionPart.Norm2), rows, e);
            GatedUnits<S, V>.AddGatedBackward(dx, block.Input + 3 * e, 4 * e, block.Added, dInput + 3 * e, dRow, rows, e);
            Drop(in pass, weights, 1 + 2 * b, dRow);
            OfLayer(AttentionPart.Output, b, dRow, e, block.Attended, e);
            float* dAttended = dUnits;
            Back(AttentionPart.Output, b, dRow, e, dAttended, e);
            CausalAttention<S, V>.Backward(
                in pass, buffers, in block, weights, b, dAttended, dInput, gradient + weights.StartOf(b, AttentionPart.Time));
            Scale(dInput, 4 * e, rows, e, 1 / MathF.Sqrt(e / shape.Heads));
            OfLayer(AttentionPart.Input, b, dInput, 4 * e, block.Normed, e);
            Back(AttentionPart.Input, b, dInput, 4 * e, dRow, e);
            RootMeanSquare<S, V>.Backward(
                block.X, weights.Of(b, AttentionPart.Norm1), block.Inverse, dRow, dx, gradient + weights.StartOf(b, AttentionPart.Norm1), rows, e);
        }

        Drop(in pass, weights, site: 0, dx);
        AddGapGradient(in pass, e, dx, gradient + weights.GapStart, gradient + weights.MomentStart);

        // dW += dYᵀ X
        void OfLayer(AttentionPart part, int b, float* dy, int outputs, float* from, int inputs)
        {
            float* sum = gradient + weights.StartOf(b, part);
            Gemm<S, V>.Multiply(dy, 1, outputs, from, inputs, sum, inputs, sum, inputs, outputs, rows, inputs);
        }

        // dX = dY W
        void Back(AttentionPart part, int b, float* dy, int outputs, float* to, int inputs) =>
            Gemm<S, V>.Multiply(dy, outputs, 1, weights.Of(b, part), inputs, to, inputs, buffers.Zeros, 0, rows, outputs, inputs);
    }

    /// <summary>Adds a chunk's gradients of position biases, which are in reverse, to its gradient, and clears them.</summary>
    public static void TakePositions(AttentionBuffers buffers, AttentionWeights weights, float* gradient)
    {
        AttentionShape shape = weights.Shape;
        for (int b = 0; b < shape.Blocks; b++)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                float* reversed = buffers.PositionGradient + ((long)b * shape.Heads + head) * weights.ReversedLength;
                float* to = gradient + weights.StartOf(b, AttentionPart.Position) + head * shape.Length;
                for (int distance = 0; distance < shape.Length; distance++) to[distance] += reversed[shape.Length - 1 - distance];
                new Span<float>(reversed, weights.ReversedLength).Clear();
            }
        }
    }

    // x_t = sqrt(E) q[i_t] + gap[bucket] + moment[bucket]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Embed(in AttentionPass pass, AttentionWeights weights, float* x)
    {
        int e = weights.Shape.Size;
        float* gaps = weights.Values + weights.GapStart, moments = weights.Values + weights.MomentStart;
        V scale = S.Broadcast(MathF.Sqrt(e));
        for (int q = 0; q < pass.Count; q++)
        {
            AttentionSequence sequence = pass.Sequences[q];
            float* row = x + (long)sequence.Row * e;
            for (int t = 0; t < sequence.Count; t++, row += e)
            {
                float* item = pass.ItemRows + (long)sequence.Items[t] * pass.ItemStride, gap = gaps + GapOf(in sequence, t) * e;
                float* moment = moments + MomentOf(in sequence, t) * e;
                for (int k = 0; k < e; k += S.Lanes)
                {
                    S.Store(S.MultiplyAdd(S.Load(item + k), scale, S.Add(S.Load(gap + k), S.Load(moment + k))), row + k);
                }
            }

            new Span<float>(row, (sequence.PaddedCount - sequence.Count) * e).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddGapGradient(in AttentionPass pass, int width, float* dx, float* gaps, float* moments)
    {
        for (int q = 0; q < pass.Count; q++)
        {
            AttentionSequence sequence = pass.Sequences[q];
            for (int t = 0; t < sequence.Count; t++)
            {
                float* row = dx + (long)(sequence.Row + t) * width, gap = gaps + GapOf(in sequence, t) * width;
                float* moment = moments + MomentOf(in sequence, t) * width;
                for (int k = 0; k < width; k += S.Lanes)
                {
                    V slope = S.Load(row + k);
                    S.Store(S.Add(S.Load(gap + k), slope), gap + k);
                    S.Store(S.Add(S.Load(moment + k), slope), moment + k);
                }
            }
        }
    }

    private static int GapOf(in AttentionSequence sequence, int t) => t == 0 ? 0 : TimeBuckets.Of(sequence.Times[t] - sequence.Times[t - 1]);

    private static int MomentOf(in AttentionSequence sequence, int t) =>
        sequence.Moments == null ? TimeBuckets.Count : TimeBuckets.Of(sequence.Moments[t] - sequence.Times[t]);

    // Applies dropout's factors to E values of each row; its gradient is the same.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Drop(in AttentionPass pass, AttentionWeights weights, int site, float* rows)
    {
        if (pass.Dropout == 0) return;
        int e = weights.Shape.Size, hashes = DropoutHash.HashCount(e), sites = 1 + 2 * weights.Shape.Blocks;
        var dropout = new Dropout<S, V>(pass.Dropout, pass.DropoutKey);
        for (int row = 0; row < pass.Rows; row++)
        {
            dropout.Apply(rows + (long)row * e, e, ((pass.FirstRow + (uint)row) * (uint)sites + (uint)site) * (uint)hashes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Scale(float* x, int stride, int rows, int width, float factor)
    {
        V scale = S.Broadcast(factor);
        for (int row = 0; row < rows; row++, x += stride)
        {
            for (int k = 0; k < width; k += S.Lanes) S.Store(S.Multiply(S.Load(x + k), scale), x + k);
        }
    }
}
