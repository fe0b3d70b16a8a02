using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// A tile to compute: samples <see cref="Start"/> … <see cref="Start"/> + <see cref="Count"/> - 1 of the grouped batch.
/// </summary>
internal readonly unsafe struct TileWork
{
    public required PackedLayout Layout { get; init; }

    public required StepMemory Memory { get; init; }

    public required TileBuffers Buffers { get; init; }

    public required GroupedBatch Batch { get; init; }

    public required int Start { get; init; }

    /// <summary>At most 32.</summary>
    public required int Count { get; init; }

    /// <summary>The chunk's gradient of the dense block.</summary>
    public required float* Gradient { get; init; }

    /// <summary>Whether this is the chunk's first tile, whose gradient is stored instead of added.</summary>
    public required bool First { get; init; }

    public required ulong DropoutKey { get; init; }

    public required ulong UserDropoutKey { get; init; }

    public required StepRules Rules { get; init; }

    /// <summary>Rows that the matrix blocks compute: whole blocks of 8. Rows that are not samples are 0.</summary>
    public int Rows => (Count + 7) & ~7;
}

/// <summary>
/// A tile: the samples that go through the whole network together, forward and backward, few enough to stay in the
/// first two levels of the cache.
/// </summary>
internal static class Tile
{
    /// <summary>
    /// With embeddings of 32 and layers 64, 32, 16, 8, the activations and gradients of 32 samples take 60 KB. 64
    /// samples were no faster.
    /// </summary>
    public const int Samples = 32;
}

/// <summary>
/// The number of each sample's first hash for a layer (<see cref="DropoutHash"/>). A struct that is inlined, so that no
/// call in a loop spills vectors from registers.
/// </summary>
internal readonly unsafe struct HashCounters(in TileWork work, int layer)
{
    private readonly int* places = work.Batch.Places + work.Start;
    private readonly uint each = (uint)work.Layout.HashStarts[^1], first = (uint)work.Layout.HashStarts[layer];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Of(int sample) => (uint)places[sample] * each + first;
}
