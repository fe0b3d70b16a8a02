namespace NcfSpark.Nightly;

/// <summary>What a line of the history tells of.</summary>
public static class NightEvent
{
    /// <summary>A night's run.</summary>
    public const string Night = "night";

    /// <summary>A run of `nightly` after one that failed, which found the night of its input and settings in production before: nothing was left to do, and all is well.</summary>
    public const string PassedOver = "passed_over";

    /// <summary>`promote`: somebody put a night into service by hand.</summary>
    public const string Promotion = "promotion";

    /// <summary>`rollback`: somebody put the night before into service again.</summary>
    public const string Rollback = "rollback";
}
