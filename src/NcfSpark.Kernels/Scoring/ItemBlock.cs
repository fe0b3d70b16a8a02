namespace NcfSpark.Kernels;

/// <summary>
/// Neighbouring items that are scored together, one a lane: a block is (K + H) rows of 32 floats, v_i in the first K and g_i in the others.
/// Example, K = 2, H = 1, items 0 … 39: block 0 is v[0] of items 0 … 31 | v[1] of the same | g[0] of the same; block 1 holds items 32 … 39, and
/// 24 lanes of zeros whose scores are passed over.
/// </summary>
internal static class ItemBlock
{
    /// <summary>
    /// Two of the widest vectors. At the seed shape a block, its layers' outputs and the weights are 37 KB, near a first-level cache, and what of it
    /// the next user needs again comes from the second level in time.
    /// </summary>
    public const int Items = 32;

    public static int Count(int items) => (items + Items - 1) / Items;
}
