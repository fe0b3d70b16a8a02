using System.ComponentModel.DataAnnotations;

namespace NcfSpark.Model;

/// <summary>
/// Group Model:Interactions: deep matrix factorization (Xue et al. 2017), whose users are encoded from their row of the interaction
/// matrix and whose items from their column, by an MLP each. Only with Model:User "interactions".
/// </summary>
public sealed record InteractionsOptions
{
    /// <summary>
    /// Widths of the layers over a user's row, without the last, whose width is Model:EmbeddingSize. The first one is a sum of rows of
    /// a table with a row for each item, and takes most of the time and memory.
    /// </summary>
    public int[] UserLayers { get; init; } = [512];

    /// <summary>The same over an item's column, whose first layer is a table with a row for each user.</summary>
    public int[] ItemLayers { get; init; } = [1024];

    /// <summary>
    /// Number of latest items that a user without training rows is encoded from, each with the mean rating. A model's files and memory
    /// have 8 bytes of each user for each.
    /// </summary>
    [Range(1, 10_000)]
    public int Length { get; init; } = 50;
}
