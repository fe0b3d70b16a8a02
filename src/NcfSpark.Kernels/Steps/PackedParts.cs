namespace NcfSpark.Kernels;

/// <summary>
/// Copies the parts of the model between plain matrices (row after row) and packed memory, bit by bit.
/// </summary>
public sealed unsafe class PackedParts
{
    private readonly PackedLayout layout;
    private readonly StepMemory memory;
    private readonly int userCount;
    private readonly int itemCount;

    internal PackedParts(PackedLayout layout, StepMemory memory, int userCount, int itemCount) =>
        (this.layout, this.memory, this.userCount, this.itemCount) = (layout, memory, userCount, itemCount);

    /// <summary>Sets a part.</summary>
    /// <param name="layer">The layer of a layer's part, from 0.</param>
    public void Set(ModelPart part, OptimizerSlot slot, ReadOnlySpan<float> plain, int layer = 0)
    {
        foreach (PackedMatrix matrix in Matrices(part, slot, layer, plain.Length))
        {
            for (int row = 0; row < matrix.Rows; row++) plain.Slice(matrix.PlainAt(row), matrix.Columns).CopyTo(matrix.Row(row));
        }

        if (part == ModelPart.LayerWeight && slot == OptimizerSlot.Weight) Transpose(layer + 1);
    }

    /// <summary>Reads a part.</summary>
    /// <param name="layer">The layer of a layer's part, from 0.</param>
    public void Get(ModelPart part, OptimizerSlot slot, Span<float> plain, int layer = 0)
    {
        foreach (PackedMatrix matrix in Matrices(part, slot, layer, plain.Length))
        {
            for (int row = 0; row < matrix.Rows; row++) matrix.Row(row).CopyTo(plain.Slice(matrix.PlainAt(row), matrix.Columns));
        }
    }

    private PackedMatrix[] Matrices(ModelPart part, OptimizerSlot slot, int layer, int length)
    {
        PackedMatrix[] matrices = part switch
        {
            ModelPart.UserGmf => [Rows(memory.User(0), userCount, 0, layout.Shape.GmfSize, slot)],
            ModelPart.UserMlp => [Rows(memory.User(0), userCount, layout.MlpStart, layout.Shape.MlpSize, slot)],
            ModelPart.UserBias => [Rows(memory.User(0), userCount, layout.BiasStart, 1, slot)],
            ModelPart.ItemGmf => [Rows(memory.Item(0), itemCount, 0, layout.Shape.GmfSize, slot)],
            ModelPart.ItemMlp => [Rows(memory.Item(0), itemCount, layout.MlpStart, layout.Shape.MlpSize, slot)],
            ModelPart.ItemBias => [Rows(memory.Item(0), itemCount, layout.BiasStart, 1, slot)],
            ModelPart.LayerWeight when layer == 0 => Halves(layout.WeightStarts[1], layout.Shape.Layers[0], slot),
            ModelPart.LayerWeight =>
                [Dense(layout.WeightStarts[layer + 1], layout.Shape.Layers[layer], layout.Shape.Layers[layer - 1], slot, layout.Widths[layer])],
            ModelPart.LayerBias => [Dense(layout.BiasStarts[layer + 1], 1, layout.Shape.Layers[layer], slot)],
            ModelPart.Head => Head(slot),
            _ => [Dense(layout.HeadBiasStart, 1, 1, slot)],
        };
        ArgumentOutOfRangeException.ThrowIfNotEqual(length, matrices.Sum(matrix => matrix.Rows * matrix.Columns));
        return matrices;
    }

    private PackedMatrix Rows(float* table, int count, int start, int size, OptimizerSlot slot) =>
        new(table + start + (int)slot * layout.RowWidth, 3 * layout.RowWidth, count, size, 0, size);

    // A matrix that reads the MLP's input: its two halves (user, item) are padded separately.
    private PackedMatrix[] Halves(int start, int rows, OptimizerSlot slot, int plainStart = 0)
    {
        int size = layout.Shape.MlpSize, stride = plainStart + 2 * size;
        float* at = Array(slot) + start;
        return [new(at, layout.Widths[0], rows, size, plainStart, stride), new(at + layout.MlpWidth, layout.Widths[0], rows, size, plainStart + size, stride)];
    }

    private PackedMatrix Dense(int start, int rows, int columns, OptimizerSlot slot, int rowWidth = 0) =>
        new(Array(slot) + start, rowWidth, rows, columns, 0, columns);

    private PackedMatrix[] Head(OptimizerSlot slot)
    {
        int gmf = layout.Shape.GmfSize, last = layout.Shape.Layers.Count == 0 ? 0 : layout.Shape.Layers[^1];
        var first = new PackedMatrix(Array(slot), 0, 1, gmf, 0, gmf + last);
        if (layout.MlpWidth > 0 && last == 0) return [first, .. Halves(layout.HeadMlpStart, 1, slot, gmf)];
        return [first, new(Array(slot) + layout.HeadMlpStart, 0, 1, last, gmf, gmf + last)];
    }

    private float* Array(OptimizerSlot slot) => slot switch
    {
        OptimizerSlot.Weight => memory.Weights,
        OptimizerSlot.FirstMoment => memory.FirstMoments,
        _ => memory.SecondMoments,
    };

    private void Transpose(int l)
    {
        int inputs = layout.Widths[l - 1], outputs = layout.Widths[l];
        float* weights = memory.Weights + layout.WeightStarts[l], transposed = memory.Transposed + layout.TransposedStarts[l];
        for (int n = 0; n < outputs; n++)
        {
            for (int k = 0; k < inputs; k++) transposed[(long)k * outputs + n] = weights[(long)n * inputs + k];
        }
    }
}

/// <summary>Some columns of a plain matrix and their place in packed memory.</summary>
/// <param name="start">The first value in packed memory.</param>
/// <param name="rowWidth">Floats from row to row there.</param>
/// <param name="columns">Columns of this part.</param>
/// <param name="plainColumn">The first of these columns in the plain matrix.</param>
/// <param name="plainColumns">All columns of the plain matrix.</param>
internal readonly unsafe struct PackedMatrix(float* start, long rowWidth, int rows, int columns, int plainColumn, int plainColumns)
{
    public int Rows => rows;

    public int Columns => columns;

    public Span<float> Row(int row) => new(start + row * rowWidth, columns);

    public int PlainAt(int row) => checked(row * plainColumns + plainColumn);
}
