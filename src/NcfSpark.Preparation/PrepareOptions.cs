using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Preparation;

/// <summary>Section Prepare: which interactions train, which are held out, and what is drawn beside them.</summary>
public sealed record PrepareOptions
{
    /// <summary>"latest": each user's latest interactions are held out. "given": somebody else made the split (Input:TestPath).</summary>
    [AllowedValues("latest", "given")]
    public string Split { get; init; } = "latest";

    /// <summary>How many of a user's latest interactions are held out to test, never more than half of the history. 10 as in the AWS sample; 1 is the NCF paper's leave-one-out.</summary>
    [Range(0, 1_000_000)]
    public int Holdout { get; init; } = 10;

    /// <summary>Whether as many again, just before those, are held out to validate, never more than half of what is left. Early stopping needs them; training on them gives a slightly better model.</summary>
    public bool Validation { get; init; }

    /// <summary>Users with fewer interactions are trained on but not held out.</summary>
    [Range(1, 1_000_000)]
    public int MinInteractions { get; init; } = 1;

    /// <summary>Items drawn for each training positive among those that the user never touched (see NegativesAvoid), and stored with label 0. 0 stores positives only, for Train:Negatives "resampled".</summary>
    [Range(0, 1000)]
    public int NegativesPerPositive { get; init; } = 5;

    /// <summary>
    /// What is never drawn as a negative. "touched": whatever the user touched in any part. Held-out items are then the only unseen ones that are
    /// never pushed down, and a model that fits well finds them by that: its figures flatter it (twice as high on ml-latest-small).
    /// "trained": what the user touched in training, as in the NCF paper's code, so that held-out items are drawn like all others and figures are honest.
    /// </summary>
    [AllowedValues("touched", "trained")]
    public string NegativesAvoid { get; init; } = "touched";

    /// <summary>Candidates drawn for each test row in the same way, for the sampled protocol of the literature (99) and for accuracy, AUC and log loss. 0 for none.</summary>
    [Range(0, 10_000)]
    public int TestCandidates { get; init; } = 99;

    /// <summary>Into how many shards users are dealt. A worker takes whole shards, so this bounds the number of workers.</summary>
    [Range(1, 100_000)]
    public int Shards { get; init; } = 8;

    /// <summary>Seeds every draw and tie. Same seed, same rows.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>Threads that prepare; 0 for all cores. Spark has its own: --master 'local[4]', --executor-cores.</summary>
    [ResultNeutral]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Memory that the engine may take before it spills to disk, such as "6GB"; "" leaves it to the engine (DuckDB: 80 % of the machine). Spark has its own: --driver-memory, --executor-memory.</summary>
    [ResultNeutral]
    [RegularExpression(@"|\d+(\.\d+)?\s?(KB|MB|GB|TB)", ErrorMessage = "is no amount of memory such as \"6GB\"")]
    public string MemoryLimit { get; init; } = "";
}
