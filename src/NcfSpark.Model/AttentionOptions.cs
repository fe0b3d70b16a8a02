using System.ComponentModel.DataAnnotations;

namespace NcfSpark.Model;

/// <summary>Group Model:Attention: the transformer over a user's items (AttentionShape in NcfSpark.Kernels has the equations).</summary>
public sealed record AttentionOptions
{
    /// <summary>Number of blocks, one after the other. More can learn more from much data and take proportionally more time.</summary>
    [Range(1, 64)]
    public int Blocks { get; init; } = 2;

    /// <summary>Number of heads that attend side by side; Model:EmbeddingSize is a multiple of 16 times it.</summary>
    [Range(1, 64)]
    public int Heads { get; init; } = 2;

    /// <summary>
    /// Number of a user's latest items that are read. Time of an item grows with it where users have as many, and a model's files
    /// and memory have 12 bytes of each user for each.
    /// </summary>
    [Range(2, 10_000)]
    public int Length { get; init; } = 200;

    /// <summary>Rate of dropout on tokens and on what each layer adds to them. Raise it with more epochs.</summary>
    [Range(0.0, 0.99)]
    public double Dropout { get; init; } = 0.2;

    /// <summary>
    /// Whether items start where items that are used close together point the same way, instead of at random: then fewer epochs
    /// are enough. For one worker and up to 20,000 items. It does not count in a warm start.
    /// </summary>
    public bool NeighbourStart { get; init; }

    /// <summary>
    /// Share of users that are told in training, anew in each step, how long after each item the next one came. With more than 0 a model can be asked
    /// about a moment (Score:At); with 1 it is at a loss where none is told.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Told { get; init; } = 0.5;
}
