using System.ComponentModel.DataAnnotations;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>Section Tune: the search for better settings, on validation only.</summary>
public sealed record TuneOptions
{
    /// <summary>
    /// File of the ranges to search, laid out like a configuration with ranges in place of values: a list names each choice, {
    /// "From": 0.001, "To": 0.1, "Scale": "log" } stands for all values between. Settings of Model and Train can be searched; all
    /// others stay as they are. See conf/search/. "" (default): the kind of model is searched (mf, neumf, with a history, with an
    /// MLP over it), with settings of each, beside the baselines.
    /// </summary>
    public string Search { get; init; } = "";

    /// <summary>Time of the search in minutes. It decides how many candidates are tried; started again with more, the search continues.</summary>
    [ExcludeFromFingerprint]
    [Range(0.01, 100_000.0)]
    public double BudgetMinutes { get; init; } = 5;

    /// <summary>
    /// Number of best candidates that are trained again with other seeds, beside the configuration itself, before one is chosen.
    /// More guard better against luck and leave less time to search.
    /// </summary>
    [Range(1, 100)]
    public int Finalists { get; init; } = 3;

    /// <summary>Number of seeds with which each finalist is trained again. The best mean over these seeds is chosen.</summary>
    [Range(1, 100)]
    public int FinalSeeds { get; init; } = 2;

    /// <summary>Seed of the draws from the ranges. The same seed gives the same candidates.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;
}
