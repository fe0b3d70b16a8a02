using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>Section Nightly: all stages in order, and what goes into production.</summary>
public sealed record NightlyOptions : IValidatableObject
{
    /// <summary>
    /// Name of the night, a date such as "2026-11-24". "" (default): today, by TimeZone. A second night of the same date with
    /// other input or settings gets the name with "-2" behind. For `promote`: the night to put into production.
    /// </summary>
    [ExcludeFromFingerprint]
    public string Night { get; init; } = "";

    /// <summary>
    /// Time zone whose date names the night and from whose end of day MaxAgeDays counts, such as "Europe/Berlin". "" (default):
    /// this machine's. Set it where the machine has another zone (containers mostly have UTC), or where several machines make
    /// nights in one run directory.
    /// </summary>
    [ExcludeFromFingerprint]
    public string TimeZone { get; init; } = "";

    /// <summary>For `promote` and `rollback`: the reason, in a sentence, which is kept in the history.</summary>
    [ExcludeFromFingerprint]
    public string Reason { get; init; } = "";

    /// <summary>
    /// Whether stages are skipped whose result is there, made from the same input with the same settings. false runs all stages
    /// again.
    /// </summary>
    [ExcludeFromFingerprint]
    public bool Resume { get; init; } = true;

    /// <summary>
    /// Number of latest nights that are kept. Older ones are removed when another goes into production, except the one in
    /// production and the one before it.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(2, 100_000)]
    public int Keep { get; init; } = 7;

    /// <summary>
    /// Largest number of users whose latest items and list the report's search finds. They are written beside the report, in lists/:
    /// about 1 KB a user. A night with more users has no search; `show USER` finds any. 0: never.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 10_000_000)]
    public int SearchableUsers { get; init; } = 50_000;

    /// <summary>
    /// For a run in object storage (--run s3://…) whose store ignores conditions of writes: whether you see to it that only one process at a time writes to the
    /// run. false (default): such a store is refused. true: no lease is taken anywhere, and two nights at once would damage each other's records.
    /// </summary>
    [ExcludeFromFingerprint]
    public bool AssumeSingleWriter { get; init; }

    /// <summary>
    /// Whether a model must pass the gate before it goes into production: it must recommend better than the strongest baseline
    /// (see WhenBaselineWins), and not worse than the model in production by more than MaxDrop. A night whose model is refused ends
    /// with exit code 3. false puts every model into production whose scores are finite.
    /// </summary>
    [ExcludeFromFingerprint]
    public bool Gate { get; init; } = true;

    /// <summary>
    /// What happens where the model does not certainly beat the baseline that is strongest on validation. "refuse" (default): the
    /// gate refuses the model, and what is in production stays. "serve": that baseline makes the night's lists and answers
    /// requests, until a later night's model beats it. The report, the summary, `status` and the column `source` say so.
    /// </summary>
    public BaselineWins WhenBaselineWins { get; init; } = BaselineWins.Refuse;

    /// <summary>
    /// How much worse than the model in production a new one may be, as a share of that model's NDCG on the same held-out users.
    /// A larger drop is refused if its 95 % interval, paired by user, lies below 0. Smaller values are stricter; with few users
    /// chance decides more.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0.0, 1.0)]
    public double MaxDrop { get; init; } = 0.05;

    /// <summary>
    /// Whether the model that goes into production is trained once more on all interactions, those held out included, with the
    /// epochs that validation chose. What a user did last says most about tomorrow; it takes a second training, by the same
    /// workers.
    /// </summary>
    public bool Refit { get; init; } = true;

    /// <summary>
    /// Whether training starts from the model in production instead of random weights: known users and items take their
    /// embeddings, new ones the mean. It then needs a fraction of the epochs (WarmEpochs). It starts from the model that was
    /// measured, which has seen nothing of what is held out.
    /// </summary>
    public bool WarmStart { get; init; }

    /// <summary>
    /// Largest number of epochs of a warm start. null (default): Train:Epochs. A third of these is plenty; fewer stay closer to the
    /// night before.
    /// </summary>
    [Range(1, 100_000)]
    public int? WarmEpochs { get; init; }

    /// <summary>
    /// Number of latest nights in production that the data is compared with (MaxChange). At least 7, so that the days of a week
    /// are all among them and raise no alarm.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1, 1000)]
    public int CompareNights { get; init; } = 7;

    /// <summary>
    /// How far the numbers of rows, users, items and interactions of a user may lie below the smallest or above the largest of
    /// the nights before, as a share of that. A night beyond it stops. 0: no limit.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0.0, 1e6)]
    public double MaxChange { get; init; } = 0.3;

    /// <summary>Smallest number of rows that a log may have. A night with fewer stops.</summary>
    [ExcludeFromFingerprint]
    [Range(0, long.MaxValue)]
    public long MinRows { get; init; }

    /// <summary>
    /// Largest age of the latest interaction at the night, in days, so that a log that is no longer written is noticed. It may
    /// not lie more than a day after the night either. 0 (default): no limit.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0.0, 1e6)]
    public double MaxAgeDays { get; init; }

    /// <summary>Largest share of users, or of items, that the night in production did not have. 1: no limit.</summary>
    [ExcludeFromFingerprint]
    [Range(0.0, 1.0)]
    public double MaxNewIds { get; init; } = 0.3;

    /// <summary>
    /// Largest share of rows that repeat an earlier (user, item). 1 (default): no limit, since logs of clicks and plays repeat a
    /// lot.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0.0, 1.0)]
    public double MaxDuplicates { get; init; } = 1;

    /// <summary>
    /// How far items' popularity may move from the night in production, as the Jensen-Shannon divergence of their shares of
    /// interactions: 0 is no change, 1 no item in common. 1: no limit.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0.0, 1.0)]
    public double MaxDrift { get; init; } = 0.2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (NightZone.WhyUnknown(TimeZone) is { } why) yield return new(why, [nameof(TimeZone)]);
        if (Night.Length > 0 && !RunNights.IsName(Night))
        {
            yield return new($"is \"{Night}\", which is no night: give a date such as 2026-11-24, or the second night of one, 2026-11-24-2", [nameof(Night)]);
        }
    }
}

/// <summary>What happens where a baseline is better than the model, or as good.</summary>
[JsonConverter(typeof(SettingTextConverter<BaselineWins>))]
public enum BaselineWins
{
    Refuse,
    Serve,
}
