using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;
using NcfSpark.Jobs.Nights;

namespace NcfSpark.Jobs;

/// <summary>Section Nightly: all stages in order, and what goes into service.</summary>
public sealed record NightlyOptions : IValidatableObject
{
    /// <summary>
    /// The night's name, a date such as "2026-11-24"; "" for today's, by TimeZone. A second night of one date, with other input or settings, gets "-2". For `promote`,
    /// the night to put into service.
    /// </summary>
    [ResultNeutral]
    public string Night { get; init; } = "";

    /// <summary>
    /// The time zone whose date names the night and ends its day (MaxAgeDays), such as "Europe/Berlin"; "" for this machine's. Set it where the machine's clock runs in another zone (containers mostly
    /// have UTC), or where several machines make nights of one run directory.
    /// </summary>
    [ResultNeutral]
    public string TimeZone { get; init; } = "";

    /// <summary>For `promote` and `rollback`: why, in a sentence, which is kept in the history.</summary>
    [ResultNeutral]
    public string Reason { get; init; } = "";

    /// <summary>Whether stages whose result is there, made from the same input by the same settings, are passed over. Otherwise all run again.</summary>
    [ResultNeutral]
    public bool Resume { get; init; } = true;

    /// <summary>How many nights are kept, the latest; older ones are removed when another goes into service, except the one in service and the one before it.</summary>
    [ResultNeutral]
    [Range(2, 100_000)]
    public int Keep { get; init; } = 7;

    /// <summary>
    /// Whether a model has to pass the gate to go into service: be finite, beat popularity, and not be worse than the one in service beyond MaxDrop. Refused, it ends
    /// the night with exit code 3. false puts every finite model into service.
    /// </summary>
    [ResultNeutral]
    public bool Gate { get; init; } = true;

    /// <summary>
    /// How much worse than the model in service a new one may be, as a share of its NDCG on the same held-out users; a larger drop is refused if its 95 % interval,
    /// paired by user, lies below 0. Smaller is stricter; with few users chance decides more.
    /// </summary>
    [ResultNeutral]
    [Range(0.0, 1.0)]
    public double MaxDrop { get; init; } = 0.05;

    /// <summary>
    /// Whether the model that serves is trained once more, on all interactions, those held out to measure included, with the epochs that validation chose. What a
    /// user did last says most about tomorrow; it takes a second training, by the same workers.
    /// </summary>
    public bool Refit { get; init; } = true;

    /// <summary>
    /// Whether training starts from the model in service instead of chance: known users and items take their rows, new ones start at the mean. It needs a fraction of
    /// the epochs (WarmEpochs). The measured model is taken, which has seen nothing of what is held out.
    /// </summary>
    public bool WarmStart { get; init; }

    /// <summary>Epochs of a warm start, at most; 0 for Train:Epochs. A third of them is plenty; fewer leave more of the night before.</summary>
    [Range(0, 100_000)]
    public int WarmEpochs { get; init; }

    /// <summary>With how many nights that went into service the data is compared, the latest: rows, users and items may leave their range by MaxChange. More make a weekly rhythm no alarm.</summary>
    [ResultNeutral]
    [Range(1, 1000)]
    public int CompareNights { get; init; } = 7;

    /// <summary>How far rows, users, items and interactions a user may lie below the least, or above the most, of the nights before, as a share of that; 0 for no limit.</summary>
    [ResultNeutral]
    [Range(0.0, 1e6)]
    public double MaxChange { get; init; } = 0.3;

    /// <summary>The fewest rows that a log may have.</summary>
    [ResultNeutral]
    [Range(0, long.MaxValue)]
    public long MinRows { get; init; }

    /// <summary>How many days before the night the latest interaction may lie, so that a log that nobody writes any more is noticed; none may lie more than a day after it. 0 for no limit.</summary>
    [ResultNeutral]
    [Range(0.0, 1e6)]
    public double MaxAgeDays { get; init; }

    /// <summary>The largest share of users, or of items, that the night in service did not have. 1 for no limit.</summary>
    [ResultNeutral]
    [Range(0.0, 1.0)]
    public double MaxNewIds { get; init; } = 0.3;

    /// <summary>The largest share of rows that repeat an earlier (user, item). 1 for no limit: in logs of clicks and plays repeats are many.</summary>
    [ResultNeutral]
    [Range(0.0, 1.0)]
    public double MaxDuplicates { get; init; } = 1;

    /// <summary>How far popularity may move from the night in service: the Jensen-Shannon divergence of the items' shares, from 0 (the same) to 1 (no item in common). 1 for no limit.</summary>
    [ResultNeutral]
    [Range(0.0, 1.0)]
    public double MaxDrift { get; init; } = 0.2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (NightZone.WhyUnknown(TimeZone) is { } why) yield return new(why, [nameof(TimeZone)]);
        if (Night.Length > 0 && !RunNights.IsName(Night)) yield return new($"is \"{Night}\", which is no night: give a date such as 2026-11-24, or the second night of one, 2026-11-24-2", [nameof(Night)]);
    }
}
