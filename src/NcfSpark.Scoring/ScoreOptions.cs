using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Scoring;

/// <summary>Section Score: which predictions are written.</summary>
public sealed record ScoreOptions
{
    /// <summary>How many items are recommended to each user.</summary>
    [Range(1, 100_000)]
    public int TopK { get; init; } = 10;

    /// <summary>Whether what a user has already seen, held-out interactions included, is left out.</summary>
    public bool ExcludeSeen { get; init; } = true;

    /// <summary>A CSV file (with header) or Parquet file of pairs to score, or "" for none. They are written beside the recommendations, with a prediction by Threshold.</summary>
    [ResultNeutral]
    public string PairsPath { get; init; } = "";

    /// <summary>The column of the pairs file that holds the user's id.</summary>
    public string PairsUserColumn { get; init; } = "user_id";

    /// <summary>The column of the pairs file that holds the item's id.</summary>
    public string PairsItemColumn { get; init; } = "item_id";

    /// <summary>A pair's prediction is 1 from this probability on. The AWS sample has 0.5.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; init; } = 0.5;

    /// <summary>Threads that score; 0 for all cores.</summary>
    [ResultNeutral]
    [Range(0, 1024)]
    public int Threads { get; init; }
}
