using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NcfSpark.Kernels;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// A named matrix of weights in plain memory, row after row, pinned and aligned. The TorchSharp module's parameter of
/// that name is a view of these values, and so is everything else that computes with it.
/// </summary>
public sealed class Weight
{
    // A cache line, and the widest vector. Speed is not the only reason: the matrix product of libtorch (MKL) adds in
    // another order if memory is aligned differently, so the same run would not always give the same bytes.
    private const int Alignment = 64;

    private readonly float[] memory;
    private readonly int offset;
    private readonly int length;

    public Weight(string name, int rows, int columns)
    {
        (Name, Rows, Columns, length) = (name, rows, columns, checked(rows * columns));
        memory = GC.AllocateArray<float>(checked(length + Alignment / sizeof(float)), pinned: true);
        long misaligned = Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0) % Alignment;
        offset = (int)((Alignment - misaligned) % Alignment / sizeof(float));
    }

    /// <summary>The parameter's name in the module and in the safetensors files, such as "user_gmf.weight".</summary>
    public string Name { get; }

    public int Rows { get; }

    public int Columns { get; }

    public Span<float> Values => memory.AsSpan(offset, length);

    public Memory<float> Memory => memory.AsMemory(offset, length);

    public Span<float> Row(int row) => memory.AsSpan(offset + row * Columns, Columns);

    /// <summary>Some columns of its rows, which do not move.</summary>
    public unsafe RowTable ColumnsOf(int from, int columns) => new((float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Values)) + from, Columns, columns);

    /// <summary>The values as a tensor [rows, columns] over the same memory.</summary>
    internal Tensor View()
    {
        using Tensor whole = frombuffer(memory, ScalarType.Float32, memory.Length), values = whole.narrow(0, offset, length);
        return values.reshape(Rows, Columns);
    }
}
