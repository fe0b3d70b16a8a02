namespace NcfSpark.Kernels;

/// <summary>
/// The parameters of a model in the memory of a step, each a table with its optimizer slots: copied from and to plain
/// matrices (row after row), bit by bit. Set them before running and read them after it.
/// </summary>
public sealed class ParameterTables
{
    private readonly Dictionary<(ModelPart Part, int Layer), (PackedMatrix[] Matrices, Action? WeightsChanged)> tables = [];

    /// <summary>Sets a part. Moments that the step does not keep, since its rule needs none, are not set.</summary>
    /// <param name="layer">The layer of a layer's part, from 0.</param>
    public void Set(ModelPart part, OptimizerSlot slot, ReadOnlySpan<float> plain, int layer = 0)
    {
        foreach (PackedMatrix matrix in Find(part, layer, plain.Length))
        {
            if (slot != OptimizerSlot.Weight && !matrix.HasMoments) continue;
            for (int row = 0; row < matrix.Rows; row++) plain.Slice(matrix.PlainAt(row), matrix.Columns).CopyTo(matrix.Row(row, slot));
        }

        if (slot == OptimizerSlot.Weight) tables[(part, layer)].WeightsChanged?.Invoke();
    }

    /// <summary>Reads a part. Moments that the step does not keep are 0.</summary>
    /// <param name="layer">The layer of a layer's part, from 0.</param>
    public void Get(ModelPart part, OptimizerSlot slot, Span<float> plain, int layer = 0)
    {
        foreach (PackedMatrix matrix in Find(part, layer, plain.Length))
        {
            bool isKept = slot == OptimizerSlot.Weight || matrix.HasMoments;
            for (int row = 0; row < matrix.Rows; row++)
            {
                Span<float> values = plain.Slice(matrix.PlainAt(row), matrix.Columns);
                if (isKept) matrix.Row(row, slot).CopyTo(values);
                else values.Clear();
            }
        }
    }

    /// <param name="weightsChanged">Called after the weights are set.</param>
    internal void Add(ModelPart part, PackedMatrix[] matrices, int layer = 0, Action? weightsChanged = null) =>
        tables.Add((part, layer), (matrices, weightsChanged));

    private PackedMatrix[] Find(ModelPart part, int layer, int length)
    {
        PackedMatrix[] matrices = tables[(part, layer)].Matrices;
        ArgumentOutOfRangeException.ThrowIfNotEqual(length, matrices.Sum(matrix => matrix.Rows * matrix.Columns), part.ToString());
        return matrices;
    }
}

/// <summary>A part of a model that is one matrix in plain memory, named for the module's parameter.</summary>
public enum ModelPart
{
    /// <summary>p [users, GMF size]</summary>
    UserGmf,

    /// <summary>p' [users, MLP size]</summary>
    UserMlp,

    /// <summary>b_u [users, 1]</summary>
    UserBias,

    /// <summary>q [items, GMF size]</summary>
    ItemGmf,

    /// <summary>q' [items, MLP size]</summary>
    ItemMlp,

    /// <summary>b_i [items, 1]</summary>
    ItemBias,

    /// <summary>
    /// Of the item encoder "features": the items' own rows, then those of features [items + features, GMF size + 1], the bias last.
    /// </summary>
    ItemParts,

    /// <summary>y [items, GMF size], the rows of items in users' pools.</summary>
    ItemHistory,

    /// <summary>
    /// Of the user encoder's MLP: layer 0 is V_1 [hidden, (lags + 2) GMF size + temporal features], whose inputs are the
    /// latest items, the pool, the user's embedding and the temporal features; layer 1 is V_2 [GMF size, hidden].
    /// </summary>
    UserLayerWeight,

    /// <summary>c_1 [1, hidden] and c_2 [1, GMF size]</summary>
    UserLayerBias,

    /// <summary>
    /// W_l [outputs, inputs] of a layer of the MLP; the first layer's inputs are the user's embedding, then the item's.
    /// </summary>
    MlpWeight,

    /// <summary>b_l [1, outputs]</summary>
    MlpBias,

    /// <summary>Of the encoder "attention": layer l is entry l of <see cref="AttentionShape.Parameters"/>.</summary>
    Attention,

    /// <summary>Of the encoder "interactions" of users: layer 0 is the table T, 2 l - 1 is W_l, 2 l is b_l (<see cref="InteractionEncoder"/>).</summary>
    UserInteractions,

    /// <summary>The same of items.</summary>
    ItemInteractions,

    /// <summary>h [1, GMF size + last layer's outputs]</summary>
    HeadWeight,

    /// <summary>b0 [1, 1]</summary>
    HeadBias,
}

/// <summary>Some columns of a plain matrix and their place in packed memory.</summary>
/// <param name="start">The first weight in packed memory.</param>
/// <param name="rowStep">Floats from row to row there.</param>
/// <param name="slotStep">Floats from a weight to its first moment, and from that to the second; 0 if no moments are
/// kept.</param>
/// <param name="columns">Columns of this part.</param>
/// <param name="plainColumn">The first of these columns in the plain matrix.</param>
/// <param name="plainColumns">All columns of the plain matrix.</param>
internal readonly unsafe struct PackedMatrix(float* start, long rowStep, long slotStep, int rows, int columns, int plainColumn, int plainColumns)
{
    public PackedMatrix(float* start, long rowStep, long slotStep, int rows, int columns)
        : this(start, rowStep, slotStep, rows, columns, 0, columns)
    {
    }

    public int Rows => rows;

    public int Columns => columns;

    public bool HasMoments => slotStep != 0;

    public Span<float> Row(int row, OptimizerSlot slot) => new(start + (int)slot * slotStep + row * rowStep, columns);

    public int PlainAt(int row) => checked(row * plainColumns + plainColumn);
}
