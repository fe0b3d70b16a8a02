using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Jobs;

/// <summary>Section Tune: the search for better settings, on validation only.</summary>
public sealed record TuneOptions
{
    /// <summary>
    /// A file of what is searched, laid out like a configuration with ranges in place of values: a list names each choice, { "From": 0.001, "To": 0.1, "Scale": "log" }
    /// what lies between. Settings of Model and Train can be searched; all others stay as they are. See conf/search/.
    /// </summary>
    public string Search { get; init; } = "";

    /// <summary>How long may be searched, in minutes, training and validating. It decides how many candidates are tried; started again with more, the search goes on.</summary>
    [ResultNeutral]
    [Range(0.01, 100_000.0)]
    public double BudgetMinutes { get; init; } = 5;

    /// <summary>How many of the best are trained again, with other seeds, beside the configuration itself, before one is chosen. More guard better against luck, and leave less time to search.</summary>
    [Range(1, 100)]
    public int Finalists { get; init; } = 3;

    /// <summary>With how many seeds each of those is trained again. The figures that count are means over these.</summary>
    [Range(1, 100)]
    public int FinalSeeds { get; init; } = 2;

    /// <summary>Seeds what is drawn from the ranges. Same seed, same candidates.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;
}
