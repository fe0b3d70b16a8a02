namespace NcfSpark.Kernels;

/// <summary>A tile is what goes through the whole network, forward and backward, while it is in the first two levels of the cache.</summary>
internal static class Tile
{
    /// <summary>At the seed shape 32 samples' activations and gradients take 60 KB; 64 samples were no faster.</summary>
    public const int Samples = 32;
}
