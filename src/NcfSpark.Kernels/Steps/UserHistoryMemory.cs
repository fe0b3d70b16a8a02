namespace NcfSpark.Kernels;

/// <summary>
/// The model in memory: padded rows of users and items, and one dense block of [V_1 | c_1 | V_2 | c_2 | b], which
/// exists three times, for the weights and Adam's two moments. Rows have no moments, since they are updated by plain
/// gradient descent. V_1 and V_2 are also stored transposed. Example, size 5, hidden 7, lags 1: rows are padded to 16;
/// V_1 is [16, 48], with input k of part j in column 16 j + k. With 24 temporal features V_1 is [16, 80], with feature
/// k in column 48 + k.
/// </summary>
internal sealed unsafe class UserHistoryMemory : IDisposable
{
    private readonly UserHistoryShape shape;
    private readonly AlignedArray<float> dense;
    private readonly AlignedArray<float> transposed;
    private readonly AlignedArray<float> zeros;
    private readonly AlignedArray<float> users, items, pools, userBiases, itemBiases;
    private readonly AlignedArray<float> coefficients;

    public UserHistoryMemory(UserHistoryShape shape, int userCount, int itemCount)
    {
        this.shape = shape;
        (UserCount, ItemCount) = (userCount, itemCount);
        Width = Padding.Padded(shape.Size);
        Hidden = Padding.Padded(shape.Hidden);
        Inputs = shape.Hidden == 0 ? 0 : (shape.Lags + 2) * Width + Padding.Padded(shape.TemporalFeatureCount);
        HiddenBias = Hidden * Inputs;
        OutputWeight = HiddenBias + Hidden;
        OutputBias = OutputWeight + (Hidden == 0 ? 0 : Width * Hidden);
        HeadBias = OutputBias + (Hidden == 0 ? 0 : Width);
        DenseSize = HeadBias + Padding.Lanes;
        (users, items, pools) = (new((long)userCount * Width), new((long)itemCount * Width), new((long)itemCount * Width));
        (userBiases, itemBiases) = (new(userCount), new(itemCount));
        (dense, transposed, zeros) =
            (new(3L * DenseSize), new(Hidden * Inputs + Width * Hidden), new(Math.Max(Math.Max(Inputs, UserHistoryWork.ChunkGroups), Math.Max(Width, Hidden))));
        coefficients = new((shape.Length + 1) * shape.Length);
        for (int count = 0; count <= shape.Length; count++)
        {
            for (int k = 0; k < count; k++) coefficients.Start[count * shape.Length + k] = shape.Factor * shape.Shares[count][k];
        }
    }

    public int UserCount { get; }

    public int ItemCount { get; }

    /// <summary>Padded length of a row.</summary>
    public int Width { get; }

    /// <summary>Padded width of the hidden layer.</summary>
    public int Hidden { get; }

    /// <summary>Padded inputs of the MLP.</summary>
    public int Inputs { get; }

    // Positions in the dense block. V_1 is at 0.
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

    /// <summary>factor · share_k for a pool of this many items.</summary>
    public float* Coefficients(int count) => coefficients.Start + count * shape.Length;

    public void Set(UserHistoryPart part, OptimizerSlot slot, ReadOnlySpan<float> plain)
    {
        int at = 0;
        foreach ((nint start, int length) in Stretches(part, slot))
        {
            plain.Slice(at, length).CopyTo(new Span<float>((float*)start, length));
            at += length;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(plain.Length, at, part.ToString());
        if (part is UserHistoryPart.HiddenWeight or UserHistoryPart.OutputWeight && slot == OptimizerSlot.Weight) Transpose(0, DenseSize);
    }

    public void Get(UserHistoryPart part, OptimizerSlot slot, Span<float> plain)
    {
        int at = 0;
        foreach ((nint start, int length) in Stretches(part, slot))
        {
            new ReadOnlySpan<float>((float*)start, length).CopyTo(plain.Slice(at, length));
            at += length;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(plain.Length, at, part.ToString());
    }

    /// <summary>Copies a range of the dense block to the transposed matrices.</summary>
    public void Transpose(int start, int end)
    {
        Transpose(0, Hidden, Inputs, HiddenTransposed, start, end);
        Transpose(OutputWeight, Hidden == 0 ? 0 : Width, Hidden, OutputTransposed, start, end);
    }

    public void Dispose()
    {
        foreach (AlignedArray<float> one in new[] { dense, transposed, zeros, users, items, pools, userBiases, itemBiases, coefficients }) one.Dispose();
    }

    // A range may begin and end within a row.
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

    private IEnumerable<(nint Start, int Length)> Stretches(UserHistoryPart part, OptimizerSlot slot)
    {
        bool isRow = part <= UserHistoryPart.ItemBias;
        if (isRow && slot != OptimizerSlot.Weight) return [];
        return part switch
        {
            UserHistoryPart.User => Rows(users, UserCount),
            UserHistoryPart.Item => Rows(items, ItemCount),
            UserHistoryPart.Pool => Rows(pools, ItemCount),
            UserHistoryPart.UserBias => [((nint)userBiases.Start, UserCount)],
            UserHistoryPart.ItemBias => [((nint)itemBiases.Start, ItemCount)],
            UserHistoryPart.HiddenWeight => from row in Enumerable.Range(0, shape.Hidden)
                                        from input in Enumerable.Range(0, shape.Lags + 3)
                                        select (DenseAt(slot, row * Inputs + input * Width), input < shape.Lags + 2 ? shape.Size : shape.TemporalFeatureCount),
            UserHistoryPart.HiddenBias => [(DenseAt(slot, HiddenBias), shape.Hidden)],
            UserHistoryPart.OutputWeight => Enumerable.Range(0, shape.Size).Select(row => (DenseAt(slot, OutputWeight + row * Hidden), shape.Hidden)),
            UserHistoryPart.OutputBias => [(DenseAt(slot, OutputBias), shape.Size)],
            _ => [(DenseAt(slot, HeadBias), 1)],
        };
    }

    private IEnumerable<(nint Start, int Length)> Rows(AlignedArray<float> table, int rows) =>
        Enumerable.Range(0, rows).Select(row => (RowAt(table, row), shape.Size));

    private nint RowAt(AlignedArray<float> table, int row) => (nint)(table.Start + (long)row * Width);

    private nint DenseAt(OptimizerSlot slot, int place) => (nint)(dense.Start + (int)slot * DenseSize + place);
}
