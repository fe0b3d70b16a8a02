using System.Runtime.InteropServices;

namespace NcfSpark.Model;

/// <summary>A tensor in a safetensors file: its values are a float[] (dtype F32) or a long[] (I64).</summary>
public sealed class StoredTensor
{
    private readonly Array values;

    public StoredTensor(string name, float[] values, params long[] shape)
        : this(name, (Array)values, shape)
    {
    }

    public StoredTensor(string name, long[] values, params long[] shape)
        : this(name, (Array)values, shape)
    {
    }

    private StoredTensor(string name, Array values, long[] shape)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(shape.Aggregate(1L, (product, size) => checked(product * size)), values.LongLength);
        (Name, this.values, Shape) = (name, values, shape);
    }

    public string Name { get; }

    public long[] Shape { get; }

    public string Type => values is float[] ? "F32" : "I64";

    public float[] Floats => values as float[] ?? throw new InvalidDataException($"tensor {Name} holds {Type}, not F32");

    public long[] Integers => values as long[] ?? throw new InvalidDataException($"tensor {Name} holds {Type}, not I64");

    internal Span<byte> Bytes => values is float[] floats ? MemoryMarshal.AsBytes(floats.AsSpan()) : MemoryMarshal.AsBytes(((long[])values).AsSpan());

    internal static StoredTensor Empty(string name, string type, long[] shape)
    {
        long count = shape.Aggregate(1L, (product, size) => checked(product * size));
        return type switch
        {
            "F32" => new StoredTensor(name, new float[count], shape),
            "I64" => new StoredTensor(name, new long[count], shape),
            _ => throw new InvalidDataException($"tensor {name} has dtype {type}; F32 and I64 are known here"),
        };
    }
}
