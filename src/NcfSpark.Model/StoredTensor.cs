using System.Runtime.InteropServices;

namespace NcfSpark.Model;

/// <summary>A tensor in a safetensors file: 32-bit floats (dtype F32) or 64-bit integers (I64).</summary>
public sealed class StoredTensor
{
    private readonly Memory<float> floats;
    private readonly Memory<long> integers;

    public StoredTensor(string name, Memory<float> values, params long[] shape)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(CountOf(shape), values.Length);
        (Name, Shape, Type, floats) = (name, shape, "F32", values);
    }

    public StoredTensor(string name, Memory<long> values, params long[] shape)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(CountOf(shape), values.Length);
        (Name, Shape, Type, integers) = (name, shape, "I64", values);
    }

    public string Name { get; }

    public long[] Shape { get; }

    public string Type { get; }

    public Span<float> Floats => Type == "F32" ? floats.Span : throw new InvalidDataException($"tensor {Name} holds {Type}, not F32");

    public Span<long> Integers => Type == "I64" ? integers.Span : throw new InvalidDataException($"tensor {Name} holds {Type}, not I64");

    internal Span<byte> Bytes => Type == "F32" ? MemoryMarshal.AsBytes(floats.Span) : MemoryMarshal.AsBytes(integers.Span);

    internal static StoredTensor Empty(string name, string type, long[] shape) => type switch
    {
        "F32" => new StoredTensor(name, new float[CountOf(shape)], shape),
        "I64" => new StoredTensor(name, new long[CountOf(shape)], shape),
        _ => throw new InvalidDataException($"tensor {name} has dtype {type}; F32 and I64 are known here"),
    };

    private static long CountOf(long[] shape) => shape.Aggregate(1L, (product, size) => checked(product * size));
}
