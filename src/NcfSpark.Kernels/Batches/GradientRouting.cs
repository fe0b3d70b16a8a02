namespace NcfSpark.Kernels;

/// <summary>What becomes of the gradient that a sample has for its user's or its item's row, once its tile is computed.</summary>
internal enum GradientRouting : byte
{
    /// <summary>It is added to that of the next sample, which has the same row.</summary>
    AddToNextSample = 0,

    /// <summary>It is the last of its row: the row is updated in the tile.</summary>
    UpdateInTile = 1,

    /// <summary>It is stored: the row has samples elsewhere, too, and is updated after all tiles.</summary>
    UpdateAfterTiles = 2,
}
