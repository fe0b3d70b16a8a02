namespace NcfSpark.Nightly;

/// <summary>What a night's data was like. The last four compare it with the night in production before it, and are null where there was none.</summary>
public sealed record NightData
{
    /// <summary>Rows of the log, with bad ones and duplicates.</summary>
    public required long Rows { get; init; }

    /// <summary>Distinct interactions, in training and held out.</summary>
    public required long Interactions { get; init; }

    public required long Users { get; init; }

    public required long Items { get; init; }

    /// <summary>The share of rows that repeat an earlier (user, item).</summary>
    public required double Duplicates { get; init; }

    /// <summary>The share of rows that cannot be used.</summary>
    public required double BadRows { get; init; }

    /// <summary>The earliest interaction, in seconds since 1970-01-01 UTC.</summary>
    public required long FirstTimestamp { get; init; }

    /// <summary>The latest interaction, likewise.</summary>
    public required long LastTimestamp { get; init; }

    public double InteractionsPerUser => Users == 0 ? 0 : (double)Interactions / Users;

    /// <summary>The share of users that the night in production did not have.</summary>
    public double? NewUsers { get; init; }

    /// <summary>The share of items that it did not have.</summary>
    public double? NewItems { get; init; }

    /// <summary>
    /// How far popularity moved since: the Jensen-Shannon divergence, in bits, between the items' shares of interactions; 0 the same, 1 no item in
    /// common.
    /// </summary>
    public double? PopularityDrift { get; init; }

    /// <summary>The share of held-out interactions that the model in production was trained on, which flatters it.</summary>
    public double? HeldOutKnownToIncumbent { get; init; }
}
