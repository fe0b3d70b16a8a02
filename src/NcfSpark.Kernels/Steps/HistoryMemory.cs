namespace NcfSpark.Kernels;

/// <summary>
/// The model in memory: a padded row for each user and item, and one dense block of [V_1 | c_1 | V_2 | c_2 | b], kept three times for the weights
/// and Adam's moments. Rows have no moments: they are updated by plain descent. V_1 and V_2 are there transposed as well.
/// Example, size 5, hidden 7, lags 1: rows are padded to 16; V_1 is [16, 48] with input k of part j in column 16 j + k, and [16, 80] with 24 marks, of which mark k is in column 48 + k.
/// </summary>
internal sealed unsafe class HistoryMemory : IDisposable
{
    private readonly HistoryShape shape;
    private readonly AlignedArray<float> dense;
    private readonly AlignedArray<float> transposed;
    private readonly AlignedArray<float> zeros;
    private readonly AlignedArray<float> users, items, pools, userBiases, itemBiases;
    private readonly AlignedArray<float> coefficients;

    public HistoryMemory(HistoryShape shape, int userCount, int itemCount)
    {
        this.shape = shape;
        (UserCount, ItemCount) = (userCount, itemCount);
        Width = Padding.Padded(shape.Size);
        Hidden = Padding.Padded(shape.Hidden);
        Inputs = shape.Hidden == 0 ? 0 : (shape.Lags + 2) * Width + Padding.Padded(shape.Marks);
        HiddenBias = Hidden * Inputs;
        OutputWeight = HiddenBias + Hidden;
        OutputBias = OutputWeight + (Hidden == 0 ? 0 : Width * Hidden);
        HeadBias = OutputBias + (Hidden == 0 ? 0 : Width);
        DenseSize = HeadBias + Padding.Lanes;
        (users, items, pools) = (new((long)userCount * Width), new((long)itemCount * Width), new((long)itemCount * Width));
        (userBiases, itemBiases) = (new(userCount), new(itemCount));
        (dense, transposed, zeros) = (new(3L * DenseSize), new(Hidden * Inputs + Width * Hidden), new(Math.Max(Math.Max(Inputs, HistoryWork.ChunkGroups), Math.Max(Width, Hidden))));
        coefficients = new((shape.Length + 1) * shape.Length);
        for (int count = 0; count <= shape.Length; count++)
        {
            for (int k = 0; k < count; k++) coefficients.Start[count * shape.Length + k] = shape.Factor * shape.Shares[count][k];
        }
    }

    public int UserCount { get; }

    public int ItemCount { get; }

    /// <summary>Floats of a row.</summary>
    public int Width { get; }

    /// <summary>Padded width of the hidden layer.</summary>
    public int Hidden { get; }

    /// <summary>Padded inputs of the MLP.</summary>
    public int Inputs { get; }

    // Places in the dense block; V_1 stands at 0.
    public int HiddenBias { get; }

    public int OutputWeight { get; }

    public int OutputBias { get; }

    public int HeadBias { get; }

    public int DenseSize { get; }

    public float* Dense => dense.Start;

    /// <summary>V_1 transposed, [inputs, hidden].</summary>
    public float* HiddenTransposed => transposed.Start;

    /// <summary>V_2 transposed, [hidden, width].</summary>
    public float* OutputTransposed => transposed.Start + Hidden * Inputs;

    public float* Zeros => zeros.Start;

    public float* Users => users.Start;

    public float* Items => items.Start;

    public float* Pools => pools.Start;

    public float* UserBiases => userBiases.Start;

    public float* ItemBiases => itemBiases.Start;

    /// <summary>factor · share_k of pools of some number of items.</summary>
    public float* Coefficients(int count) => coefficients.Start + count * shape.Length;

    public void Set(HistoryPart part, Moment moment, ReadOnlySpan<float> plain)
    {
        int at = 0;
        foreach ((nint start, int length) in Stretches(part, moment))
        {
            plain.Slice(at, length).CopyTo(new Span<float>((float*)start, length));
            at += length;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(plain.Length, at, part.ToString());
        if (part is HistoryPart.HiddenWeight or HistoryPart.OutputWeight && moment == Moment.Weight) Transpose(0, DenseSize);
    }

    public void Get(HistoryPart part, Moment moment, Span<float> plain)
    {
        int at = 0;
        foreach ((nint start, int length) in Stretches(part, moment))
        {
            new ReadOnlySpan<float>((float*)start, length).CopyTo(plain.Slice(at, length));
            at += length;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(plain.Length, at, part.ToString());
    }

    /// <summary>Brings the transposed matrices up to date with a stretch of the dense block.</summary>
    public void Transpose(int start, int end)
    {
        Transpose(0, Hidden, Inputs, HiddenTransposed, start, end);
        Transpose(OutputWeight, Hidden == 0 ? 0 : Width, Hidden, OutputTransposed, start, end);
    }

    public void Dispose()
    {
        foreach (AlignedArray<float> one in new[] { dense, transposed, zeros, users, items, pools, userBiases, itemBiases, coefficients }) one.Dispose();
    }

    // Only whole rows lie in a stretch, or a row's part whose place is known all the same.
    private void Transpose(int matrix, int rows, int columns, float* to, int start, int end)
    {
        int from = Math.Max(start, matrix), until = Math.Min(end, matrix + rows * columns);
        for (int place = from; place < until;)
        {
            int row = (place - matrix) / columns, column = (place - matrix) % columns, count = Math.Min(columns - column, until - place);
            float* source = Dense + place, target = to + (long)column * rows + row;
            for (int c = 0; c < count; c++, target += rows) *target = source[c];
            place += count;
        }
    }

    private IEnumerable<(nint Start, int Length)> Stretches(HistoryPart part, Moment moment)
    {
        bool isRow = part <= HistoryPart.ItemBias;
        if (isRow && moment != Moment.Weight) return [];
        return part switch
        {
            HistoryPart.User => Rows(users, UserCount),
            HistoryPart.Item => Rows(items, ItemCount),
            HistoryPart.Pool => Rows(pools, ItemCount),
            HistoryPart.UserBias => [((nint)userBiases.Start, UserCount)],
            HistoryPart.ItemBias => [((nint)itemBiases.Start, ItemCount)],
            HistoryPart.HiddenWeight => from row in Enumerable.Range(0, shape.Hidden)
                                        from input in Enumerable.Range(0, shape.Lags + 3)
                                        select (DenseAt(moment, row * Inputs + input * Width), input < shape.Lags + 2 ? shape.Size : shape.Marks),
            HistoryPart.HiddenBias => [(DenseAt(moment, HiddenBias), shape.Hidden)],
            HistoryPart.OutputWeight => Enumerable.Range(0, shape.Size).Select(row => (DenseAt(moment, OutputWeight + row * Hidden), shape.Hidden)),
            HistoryPart.OutputBias => [(DenseAt(moment, OutputBias), shape.Size)],
            _ => [(DenseAt(moment, HeadBias), 1)],
        };
    }

    private IEnumerable<(nint Start, int Length)> Rows(AlignedArray<float> table, int rows) => Enumerable.Range(0, rows).Select(row => (RowAt(table, row), shape.Size));

    private nint RowAt(AlignedArray<float> table, int row) => (nint)(table.Start + (long)row * Width);

    private nint DenseAt(Moment moment, int place) => (nint)(dense.Start + (int)moment * DenseSize + place);
}
