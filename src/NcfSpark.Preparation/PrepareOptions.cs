using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>Section Prepare: which interactions train, which are held out, and what is drawn beside them.</summary>
public sealed record PrepareOptions : IValidatableObject
{
    /// <summary>
    /// How interactions are split into training and test. "time": everything from a moment on is held out, as a night will meet it, for users who were
    /// there before and for new ones (TestFrom, TestDays). "latest": each user's latest interactions are held out. "auto" (default): "time" where
    /// TestFrom or TestDays is set or the log has a last window that will do (see TestDays), else "latest"; the summary and the report say which.
    /// "given": somebody else made the split, and Input:TestPath names the file of held-out interactions.
    /// </summary>
    public SplitRule Split { get; init; } = SplitRule.Auto;

    /// <summary>
    /// Moment from which on all interactions are tested, for Split "time": a date such as 2026-11-23 or a time such as 2026-11-23T06:00:00Z (UTC where
    /// it names no offset), or whole seconds since 1970. Where the log's times are an order (1, 2, 3 …), a number of that order. "" (default): TestDays
    /// says.
    /// </summary>
    public string TestFrom { get; init; } = "";

    /// <summary>
    /// Number of days at the end of the log that are tested, for Split "time"; 0.5 is twelve hours. null (default): the shortest of the last 1, 2, 4, 8 …
    /// days in which at least 500 users can be tested, by at most a fifth of the rows, and which is at most a tenth of the log's time.
    /// </summary>
    [Range(0.001, 100_000)]
    public double? TestDays { get; init; }

    /// <summary>
    /// Number of days just before the tested ones that validate, for Split "time" with Validation. null (default): as many as are tested.
    /// </summary>
    [Range(0.001, 100_000)]
    public double? ValidationDays { get; init; }

    /// <summary>
    /// Number of each user's latest interactions that are held out to test, at most half of the user's interactions. 1 is the NCF paper's
    /// leave-one-out. More give narrower intervals and leave less to train on. Split "time" does not use it.
    /// </summary>
    [Range(0, 1_000_000)]
    public int Holdout { get; init; } = 10;

    /// <summary>
    /// Whether as many interactions again, those just before the test ones, are held out to validate, at most half of what is left; of Split "time" the
    /// days before the tested ones. Set it to true for early stopping (Train:Patience) and for experiments; training on these rows gives a slightly
    /// better model.
    /// </summary>
    public bool Validation { get; init; }

    /// <summary>
    /// Smallest number of interactions of a user that is tested. Users with fewer are trained on, and nothing of theirs is held
    /// out. Split "time" does not use it.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MinInteractions { get; init; } = 1;

    /// <summary>
    /// Share of items that are hidden from training, to measure how new items are ranked: all interactions with them are tested,
    /// beside each user's latest. A hash of the item says which. 0 (default): none. It needs Split "latest".
    /// </summary>
    [Range(0.0, 0.5)]
    public double ColdItems { get; init; }

    /// <summary>
    /// Share of users who are hidden from training, to measure what new ones are recommended: all of their interactions are tested.
    /// A hash of the user says who. 0 (default): nobody. It needs Split "latest".
    /// </summary>
    [Range(0.0, 0.5)]
    public double ColdUsers { get; init; }

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
    /// Memory that DuckDB uses before it writes to disk, such as "6GB". "" (default): 60 % of the machine, or 45 % of a container that has a
    /// limit. Lower it where other programs need the memory: the rows are the same. What does not fit goes to prepared.spill/ in
    /// the run directory; `prepare` says how much it was. Spark has its own settings: --driver-memory, --executor-memory.
    /// </summary>
    [ExcludeFromFingerprint]
    [RegularExpression(@"(\d+(\.\d+)?\s?(KB|MB|GB|TB))?", ErrorMessage = "is no amount of memory such as \"6GB\"")]
    public string MemoryLimit { get; init; } = "";

    /// <summary>Whether a split by time is asked for, by its name or by one of its settings.</summary>
    public bool AsksForTime => Split == SplitRule.Time || (Split == SplitRule.Auto && (TestFrom.Length > 0 || (TestDays ?? ValidationDays) is not null));

    /// <summary>Whether some rows are held out whatever their time is.</summary>
    internal bool Marks => Split == SplitRule.Given || Hides;

    /// <summary>Whether users or items are hidden from training.</summary>
    internal bool Hides => ColdItems > 0 || ColdUsers > 0;

    /// <summary>What does not go together.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, bool IsSet)[] ofTime = [(nameof(TestFrom), TestFrom.Length > 0), (nameof(TestDays), TestDays is not null),
            (nameof(ValidationDays), ValidationDays is not null)];
        foreach ((string name, _) in Split is SplitRule.Time or SplitRule.Auto ? [] : ofTime.Where(setting => setting.IsSet))
        {
            yield return new($"is for Prepare:Split \"time\", but Split is \"{SettingText.Of(Split)}\": set it to \"time\", or leave {name} out",
                [name, nameof(Split)]);
        }

        if (TestFrom.Length > 0 && TestFrom.Any(letter => !char.IsAsciiDigit(letter)) && TimestampText.Parse(TestFrom) is null)
        {
            yield return new($"is \"{TestFrom}\", {TimestampText.Cure}", [nameof(TestFrom)]);
        }

        foreach ((string name, double share) in new[] { (nameof(ColdItems), ColdItems), (nameof(ColdUsers), ColdUsers) })
        {
            if (share == 0 || Split == SplitRule.Latest) continue;
            yield return new($"is {share}, which needs Prepare:Split \"latest\": set it, or {name} to 0", [name, nameof(Split)]);
        }

        if (TestFrom.Length > 0 && TestDays is not null)
        {
            yield return new("is set, and so is Prepare:TestDays; each says where the test begins: leave one of them out",
                [nameof(TestFrom), nameof(TestDays)]);
        }

        if (ValidationDays is not null && !Validation)
        {
            yield return new("is set, but Prepare:Validation is false, so nothing validates: set Validation to true, or leave ValidationDays out",
                [nameof(ValidationDays), nameof(Validation)]);
        }
    }
}

/// <summary>How interactions are split into training and test.</summary>
[JsonConverter(typeof(SettingTextConverter<SplitRule>))]
public enum SplitRule
{
    Auto,
    Latest,
    Time,
    Given,
}

/// <summary>Which of a user's items are never drawn as negatives: those of the training part, or of any part.</summary>
[JsonConverter(typeof(SettingTextConverter<AvoidedItems>))]
public enum AvoidedItems
{
    Trained,
    Touched,
}
