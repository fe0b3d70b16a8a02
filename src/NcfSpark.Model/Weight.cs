namespace NcfSpark.Model;

/// <summary>
/// A named matrix of weights in plain, pinned memory, row after row. The TorchSharp module's parameter of that name and everything else that
/// computes with it are views of these values.
/// </summary>
public sealed class Weight
{
    public Weight(string name, int rows, int columns)
    {
        (Name, Rows, Columns) = (name, rows, columns);
        Values = GC.AllocateArray<float>(checked(rows * columns), pinned: true);
    }

    /// <summary>The parameter's name in the module and in the safetensors files, such as "user_gmf.weight".</summary>
    public string Name { get; }

    public int Rows { get; }

    public int Columns { get; }

    public float[] Values { get; }

    public Span<float> Row(int row) => Values.AsSpan(row * Columns, Columns);
}
