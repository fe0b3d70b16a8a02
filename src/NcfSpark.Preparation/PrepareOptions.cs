using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>Section Prepare: which interactions train, which are held out, and what is drawn beside them.</summary>
public sealed record PrepareOptions
{
    /// <summary>
    /// How interactions are split into training and test. "latest": each user's latest interactions are held out. "given": somebody else made the
    /// split, and Input:TestPath names the file of held-out interactions.
    /// </summary>
    public SplitRule Split { get; init; } = SplitRule.Latest;

    /// <summary>
    /// Number of each user's latest interactions that are held out to test, at most half of the user's interactions. 1 is the NCF paper's
    /// leave-one-out. More give narrower intervals and leave less to train on.
    /// </summary>
    [Range(0, 1_000_000)]
    public int Holdout { get; init; } = 10;

    /// <summary>
    /// Whether as many interactions again, those just before the test ones, are held out to validate, at most half of what is left. Set it to
    /// true for early stopping (Train:Patience) and for experiments; training on these rows gives a slightly better model.
    /// </summary>
    public bool Validation { get; init; }

    /// <summary>
    /// Smallest number of interactions of a user that is tested. Users with fewer are trained on, and nothing of theirs is held
    /// out.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MinInteractions { get; init; } = 1;

    /// <summary>
    /// Number of negatives (items that the user has not used, see NegativesAvoid) stored for each training interaction. 0 (default): none, since
    /// `train` draws its own in each epoch. Set it only for Train:Negatives "stored", as published samples have it.
    /// </summary>
    [Range(0, 1000)]
    public int NegativesPerPositive { get; init; }

    /// <summary>
    /// Items that are never drawn as a user's negatives. "trained" (default): those that the user has in the training part, as in
    /// the NCF paper's code. Held-out items are then drawn like all others, and the figures are honest. "touched": those that the
    /// user has in any part. A model can then recognise held-out items, because they are the only unseen ones that were never
    /// negatives, and its figures flatter it (twice as high on ml-latest-small). Use it only to compare with published figures
    /// that were made so.
    /// </summary>
    public AvoidedItems NegativesAvoid { get; init; } = AvoidedItems.Trained;

    /// <summary>
    /// Number of candidates drawn for each test interaction in the same way. The sampled metrics of the literature rank the test item among 99;
    /// accuracy, AUC and log loss use them as negatives. 0: these metrics are left out, and `prepare` is faster.
    /// </summary>
    [Range(0, 10_000)]
    public int TestCandidates { get; init; } = 99;

    /// <summary>
    /// Number of files that training rows are divided into by user. A worker reads whole shards, so there cannot be more workers
    /// (Train:Workers) than shards.
    /// </summary>
    [Range(1, 100_000)]
    public int Shards { get; init; } = 8;

    /// <summary>Seed of every random draw and of the order of equal times. The same seed gives the same rows on every engine.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Number of threads of DuckDB. 0 (default): one for each core. Spark has its own setting: --master 'local[4]',
    /// --executor-cores.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>
    /// Memory that DuckDB uses before it writes to disk, such as "6GB". "" (default): 80 % of the machine. Lower it where other
    /// programs need the memory. Spark has its own settings: --driver-memory, --executor-memory.
    /// </summary>
    [ExcludeFromFingerprint]
    [RegularExpression(@"|\d+(\.\d+)?\s?(KB|MB|GB|TB)", ErrorMessage = "is no amount of memory such as \"6GB\"")]
    public string MemoryLimit { get; init; } = "";
}

/// <summary>How interactions are split into training and test.</summary>
[JsonConverter(typeof(SettingTextConverter<SplitRule>))]
public enum SplitRule
{
    Latest,
    Given,
}

/// <summary>Which of a user's items are never drawn as negatives: those of the training part, or of any part.</summary>
[JsonConverter(typeof(SettingTextConverter<AvoidedItems>))]
public enum AvoidedItems
{
    Trained,
    Touched,
}
