using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>
/// The encoder "interactions" of one side: an MLP over the rows of the interaction matrix (Xue et al. 2017, equations 8 to 10), of users
/// or, by the transposed matrix, of items. N rows of a batch, each distinct; widths h_0 … h_L.
/// <code>
/// forward     y_0 = Σ_c Y[row, c] T[c]                       T: a table with a row of h_0 numbers for each column of the matrix
///             y_l = relu(W_l y_(l-1) + b_l)                  l = 1 … L
/// backward    d_l = dy_l where y_l > 0, else 0               dy_(l-1) = W_lᵀ d_l
///             dW_l = Σ_rows d_l y_(l-1)ᵀ    db_l = Σ_rows d_l
///             dT[c] = Σ_rows Y[row, c] dy_0                  of the columns that a row of the batch has; other rows of T do not change
/// </code>
/// The first layer costs as much as the rows have entries. It is computed in strips of columns that many threads share, and whose sums
/// stay in registers. Sums go in the order of rows, so any number of threads gives the same bytes.
/// </summary>
internal abstract unsafe class InteractionEncoder : IDisposable
{
    /// <summary>Widths are padded to this: a strip of the widest vectors.</summary>
    protected const int WidthMultiple = 64;

    private readonly List<IDisposable> owned = [];
    private readonly int[] slotOf;

    protected InteractionEncoder(InteractionMatrix matrix, IReadOnlyList<int> widths, int capacity)
    {
        Matrix = matrix;
        Capacity = (Math.Min(capacity, Math.Max(1, matrix.RowCount)) + WidthMultiple - 1) / WidthMultiple * WidthMultiple;
        Widths = [.. widths.Select(width => (width + WidthMultiple - 1) / WidthMultiple * WidthMultiple)];
        (PlainWidths, Rows, slotOf) = (widths, new int[Capacity], new int[matrix.RowCount]);
        Array.Fill(slotOf, -1);
        TableSize = (long)matrix.ColumnCount * Widths[0];
        Table = Take(3 * TableSize);
        int layers = Widths.Length - 1;
        Weights = new float*[layers + 1];
        Transposed = new float*[layers + 1];
        Biases = new float*[layers + 1];
        Outputs = new float*[layers + 1];
        Gradients = new float*[layers + 1];
        for (int l = 0; l <= layers; l++)
        {
            Outputs[l] = Take((long)Capacity * Widths[l]);
            Gradients[l] = Take((long)Capacity * Widths[l]);
            if (l == 0) continue;
            Weights[l] = Take(3L * Widths[l] * Widths[l - 1]);
            Transposed[l] = Take((long)Widths[l] * Widths[l - 1]);
            Biases[l] = Take(3L * Widths[l]);
        }

        Zeros = Take(Widths.Max());
        Vectors = Take((long)matrix.RowCount * Widths[^1]);
    }

    public InteractionMatrix Matrix { get; }

    /// <summary>Most rows of a batch.</summary>
    public int Capacity { get; }

    /// <summary>The rows of the batch, distinct, in the order in which they came.</summary>
    public int[] Rows { get; }

    public int Count { get; private set; }

    /// <summary>y_L of each row of the batch, <see cref="OutputWidth"/> floats each, with zeros behind those of the model.</summary>
    public float* Output => Outputs[^1];

    /// <summary>Receives the gradient towards <see cref="Output"/>.</summary>
    public float* OutputGradient => Gradients[^1];

    public int OutputWidth => Widths[^1];

    /// <summary>y_L / |y_L| of every row of the matrix, as <see cref="EncodeAll"/> left it; 0 of a row without entries.</summary>
    public float* Vectors { get; }

    protected IReadOnlyList<int> PlainWidths { get; }

    protected int[] Widths { get; }

    protected float* Table { get; }

    protected long TableSize { get; }

    protected float*[] Weights { get; } // [l]: W_l [h_l, h_(l-1)], then its moments

    protected float*[] Transposed { get; }

    protected float*[] Biases { get; }

    protected float*[] Outputs { get; }

    protected float*[] Gradients { get; }

    protected float* Zeros { get; }

    public static InteractionEncoder For(SimdLevel level, InteractionMatrix matrix, IReadOnlyList<int> widths, int capacity) => level switch
    {
        SimdLevel.Avx512 => new InteractionEncoder<Simd512, Vector512<float>>(matrix, widths, capacity),
        SimdLevel.Avx2 => new InteractionEncoder<Simd256, Vector256<float>>(matrix, widths, capacity),
        _ => new InteractionEncoder<Simd128, Vector128<float>>(matrix, widths, capacity),
    };

    /// <summary>Begins a batch.</summary>
    public void Clear()
    {
        for (int slot = 0; slot < Count; slot++) slotOf[Rows[slot]] = -1;
        Count = 0;
    }

    /// <summary>The place of a row in the batch, to which it is added if it is new there.</summary>
    public int SlotOf(int row)
    {
        if (slotOf[row] < 0) Rows[slotOf[row] = Count++] = row;
        return slotOf[row];
    }

    /// <summary>Computes <see cref="Output"/> of the batch.</summary>
    public abstract void Forward(ParallelLoop loop);

    /// <summary>Updates all parameters by <see cref="OutputGradient"/>, which is overwritten.</summary>
    public abstract void Backward(in UpdateRule rows, in UpdateRule dense, ParallelLoop loop);

    /// <summary>The product of two vectors as long as an output.</summary>
    public abstract float Dot(float* a, float* b);

    /// <summary>Adds a vector as long as an output to a sum.</summary>
    public abstract void AddTo(float* sum, float* vector, float factor);

    /// <summary>The lengths' inverses of the outputs; 0 of an output that is 0.</summary>
    public abstract void InverseLengths(Span<float> inverses);

    /// <summary>Computes <see cref="Vectors"/>.</summary>
    public void EncodeAll(ParallelLoop loop)
    {
        float[] inverses = new float[Capacity];
        for (int start = 0; start < Matrix.RowCount; start += Capacity)
        {
            Clear();
            for (int row = start; row < Math.Min(Matrix.RowCount, start + Capacity); row++) SlotOf(row);
            Forward(loop);
            InverseLengths(inverses.AsSpan(0, Count));
            for (int slot = 0; slot < Count; slot++)
            {
                if (Matrix.Starts[Rows[slot]] == Matrix.Starts[Rows[slot] + 1]) inverses[slot] = 0;
            }

            for (long k = 0; k < (long)Count * OutputWidth; k++) Vectors[(long)start * OutputWidth + k] = Output[k] * inverses[k / OutputWidth];
        }
    }

    /// <summary>Names the parameters: layer 0 is T, 2 l - 1 is W_l, 2 l is b_l.</summary>
    public void AddTo(ParameterTables tables, ModelPart part, ModelPart vectors)
    {
        tables.Add(part, [new(Table, Widths[0], TableSize, Matrix.ColumnCount, PlainWidths[0])]);
        for (int l = 1; l < Widths.Length; l++)
        {
            int layer = l;
            PackedMatrix weights = new(Weights[l], Widths[l - 1], (long)Widths[l] * Widths[l - 1], PlainWidths[l], PlainWidths[l - 1]);
            tables.Add(part, [weights], 2 * l - 1, () => TransposeRows(layer, 0, Widths[layer]));
            tables.Add(part, [new(Biases[l], Widths[l], Widths[l], 1, PlainWidths[l])], 2 * l);
        }

        tables.Add(vectors, [new(Vectors, OutputWidth, 0, Matrix.RowCount, PlainWidths[^1])]);
    }

    public void Dispose()
    {
        foreach (IDisposable one in owned) one.Dispose();
    }

    /// <summary>Writes some rows of W_l into the columns of its transposed copy, which the forward pass reads.</summary>
    protected void TransposeRows(int l, int start, int end)
    {
        int inputs = Widths[l - 1], outputs = Widths[l];
        for (int i = 0; i < inputs; i++)
        {
            for (int o = start; o < end; o++) Transposed[l][(long)i * outputs + o] = Weights[l][(long)o * inputs + i];
        }
    }

    private float* Take(long count)
    {
        var array = new AlignedArray<float>(count);
        owned.Add(array);
        return array.Start;
    }
}

/// <inheritdoc/>
internal sealed unsafe class InteractionEncoder<S, V>(InteractionMatrix matrix, IReadOnlyList<int> widths, int capacity)
    : InteractionEncoder(matrix, widths, capacity)
    where S : ISimd<V>
    where V : struct
{
    private const int RowsAtOnce = 256, Outputs8 = 8, DenseRows = 64;

    private readonly TableUses uses = new(matrix.ColumnCount);

    private static int Strip => 4 * S.Lanes;

    public override void Forward(ParallelLoop loop)
    {
        int strips = Widths[0] / Strip, blocks = (Count + RowsAtOnce - 1) / RowsAtOnce;
        loop.For(strips * blocks, piece => Sum(piece / blocks * Strip, piece % blocks * RowsAtOnce, Math.Min(Count, (piece % blocks + 1) * RowsAtOnce)));
        for (int l = 1; l < Widths.Length; l++)
        {
            int layer = l;
            loop.For((Count + DenseRows - 1) / DenseRows, block => Layer(layer, block * DenseRows));
        }
    }

    public override void Backward(in UpdateRule rows, in UpdateRule dense, ParallelLoop loop)
    {
        (UpdateRule ofRows, UpdateRule ofDense) = (rows, dense);
        int layers = Widths.Length - 1, blocks = (Count + DenseRows - 1) / DenseRows;
        loop.For(blocks + 1, block =>
        {
            if (block == 0) uses.Set(Matrix, Rows.AsSpan(0, Count)); // the longest piece
            else Back(block - 1);
        });
        for (int l = 1; l <= layers; l++)
        {
            int layer = l;
            loop.For(Widths[l] / Outputs8, piece => UpdateLayer(layer, piece * Outputs8, in ofDense));
            UpdateBias(l, in ofDense);
        }

        int strips = Widths[0] / Strip, parts = (uses.Touched + RowsAtOnce - 1) / RowsAtOnce;
        loop.For(strips * parts, piece =>
            UpdateTable(piece / parts * Strip, piece % parts * RowsAtOnce, Math.Min(uses.Touched, (piece % parts + 1) * RowsAtOnce), in ofRows));
    }

    public override void InverseLengths(Span<float> inverses)
    {
        for (int slot = 0; slot < inverses.Length; slot++)
        {
            float* y = Output + (long)slot * OutputWidth;
            float squares = Dot(y, y);
            inverses[slot] = squares > 0 ? 1 / MathF.Sqrt(squares) : float.IsNaN(squares) ? float.NaN : 0;
        }
    }

    public override float Dot(float* a, float* b)
    {
        V sum = default;
        for (int k = 0; k < OutputWidth; k += S.Lanes) sum = S.MultiplyAdd(S.Load(a + k), S.Load(b + k), sum);
        return S.Sum(sum);
    }

    public override void AddTo(float* sum, float* vector, float factor)
    {
        V broadcast = S.Broadcast(factor);
        for (int k = 0; k < OutputWidth; k += S.Lanes) S.Store(S.MultiplyAdd(broadcast, S.Load(vector + k), S.Load(sum + k)), sum + k);
    }

    // y_0 of some rows, some columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Sum(int column, int start, int end)
    {
        int width = Widths[0], l = S.Lanes;
        float* table = Table + column;
        fixed (int* columns = Matrix.Columns)
        fixed (float* values = Matrix.Values)
        {
            for (int slot = start; slot < end; slot++)
            {
                V s0 = default, s1 = default, s2 = default, s3 = default;
                for (int entry = Matrix.Starts[Rows[slot]], last = Matrix.Starts[Rows[slot] + 1]; entry < last; entry++)
                {
                    float* row = table + (long)columns[entry] * width;
                    V value = S.Broadcast(values[entry]);
                    s0 = S.MultiplyAdd(value, S.Load(row), s0);
                    s1 = S.MultiplyAdd(value, S.Load(row + l), s1);
                    s2 = S.MultiplyAdd(value, S.Load(row + 2 * l), s2);
                    s3 = S.MultiplyAdd(value, S.Load(row + 3 * l), s3);
                }

                Store4(Outputs[0] + (long)slot * width + column, s0, s1, s2, s3);
            }
        }
    }

    // y_l of up to DenseRows rows.
    private void Layer(int l, int start)
    {
        int inputs = Widths[l - 1], outputs = Widths[l];
        var product = new MatrixProduct
        {
            A = Outputs[l - 1] + (long)start * inputs, ARow = inputs, ATerm = 1, B = Transposed[l], BTerm = outputs,
            C = Outputs[l] + (long)start * outputs, CRow = outputs, Start = Biases[l], Rows = DenseRows, Terms = inputs, Columns = outputs,
        };
        PrefetchList none = default;
        BlockedGemm<S, V>.Multiply<Relu>(in product, ref none);
    }

    // d_L … d_1 and dy_0 of up to DenseRows rows.
    private void Back(int block)
    {
        int last = Widths.Length - 1;
        long start = (long)block * DenseRows;
        float* d = Gradients[last] + start * Widths[last], y = Outputs[last] + start * Widths[last];
        for (int k = 0; k < DenseRows * Widths[last]; k += S.Lanes) S.Store(S.WherePositive(S.Load(y + k), S.Load(d + k)), d + k);
        for (int l = last; l > 0; l--)
        {
            int inputs = Widths[l - 1], outputs = Widths[l];
            var product = new MatrixProduct
            {
                A = Gradients[l] + start * outputs, ARow = outputs, ATerm = 1, B = Weights[l], BTerm = inputs,
                C = Gradients[l - 1] + start * inputs, CRow = inputs, Start = Zeros, Rows = DenseRows, Terms = outputs, Columns = inputs,
                Gate = Outputs[l - 1] + start * inputs, GateRow = inputs, Scale = 1,
            };
            PrefetchList none = default;
            if (l == 1) BlockedGemm<S, V>.Multiply<Plain>(in product, ref none); // the first layer has no ReLU
            else BlockedGemm<S, V>.Multiply<WherePositive>(in product, ref none);
        }
    }

    private void UpdateLayer(int l, int output, in UpdateRule rule)
    {
        int inputs = Widths[l - 1], outputs = Widths[l];
        using var sums = new AlignedArray<float>(Outputs8 * inputs);
        var product = new MatrixProduct
        {
            A = Gradients[l] + output, ARow = 1, ATerm = outputs, B = Outputs[l - 1], BTerm = inputs, C = sums.Start, CRow = inputs, Start = Zeros,
            Rows = Outputs8, Terms = Count, Columns = inputs,
        };
        PrefetchList none = default;
        BlockedGemm<S, V>.Multiply<Plain>(in product, ref none);
        float* weights = Weights[l] + (long)output * inputs;
        long slot = (long)outputs * inputs;
        new AdamStep<S, V>(in rule).Update(weights, weights + slot, weights + 2 * slot, sums.Start, Outputs8 * inputs, l2: 0);
        TransposeRows(l, output, output + Outputs8);
    }

    private void UpdateBias(int l, in UpdateRule rule)
    {
        int width = Widths[l];
        float* sums = stackalloc float[Strip], biases = Biases[l];
        var step = new AdamStep<S, V>(in rule);
        for (int column = 0; column < width; column += Strip)
        {
            for (int k = 0; k < Strip; k += S.Lanes)
            {
                V sum = default;
                for (int slot = 0; slot < Count; slot++) sum = S.Add(sum, S.Load(Gradients[l] + (long)slot * width + column + k));
                S.Store(sum, sums + k);
            }

            step.Update(biases + column, biases + width + column, biases + 2 * width + column, sums, Strip, l2: 0);
        }
    }

    // Some columns of some touched rows of T.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void UpdateTable(int column, int start, int end, in UpdateRule rule)
    {
        int width = Widths[0], l = S.Lanes;
        float* sums = stackalloc float[Strip], gradients = Gradients[0] + column;
        var step = new AdamStep<S, V>(in rule);
        fixed (TableUse* all = uses.Uses)
        {
            for (int place = start; place < end; place++)
            {
                int row = uses.Rows[place];
                V s0 = default, s1 = default, s2 = default, s3 = default;
                for (TableUse* use = all + uses.Starts[row], last = all + uses.Starts[row + 1]; use < last; use++)
                {
                    float* d = gradients + (long)use->Slot * width;
                    V value = S.Broadcast(use->Value);
                    s0 = S.MultiplyAdd(value, S.Load(d), s0);
                    s1 = S.MultiplyAdd(value, S.Load(d + l), s1);
                    s2 = S.MultiplyAdd(value, S.Load(d + 2 * l), s2);
                    s3 = S.MultiplyAdd(value, S.Load(d + 3 * l), s3);
                }

                Store4(sums, s0, s1, s2, s3);
                float* weights = Table + (long)row * width + column;
                step.Update(weights, weights + TableSize, weights + 2 * TableSize, sums, Strip, l2: 0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4(float* to, V s0, V s1, V s2, V s3)
    {
        S.Store(s0, to);
        S.Store(s1, to + S.Lanes);
        S.Store(s2, to + 2 * S.Lanes);
        S.Store(s3, to + 3 * S.Lanes);
    }
}
