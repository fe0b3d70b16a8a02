namespace NcfSpark.Nightly;

/// <summary>How a night ended.</summary>
public static class NightOutcome
{
    /// <summary>It is in service, or was until a later one.</summary>
    public const string InService = "in_service";

    /// <summary>The gate refused its model (exit code 3).</summary>
    public const string Refused = "refused";

    /// <summary>Its input was at fault, or broke a limit of the data checks, before anything was trained (exit code 2).</summary>
    public const string Stopped = "stopped";

    /// <summary>Something else went wrong (exit code 1; 2 for a full disk). The same command again goes on with it.</summary>
    public const string Failed = "failed";

    /// <summary>Ctrl-C or SIGTERM (130, 143). The same command again goes on with it.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>It was killed, or the machine went down, and a later night found it so.</summary>
    public const string Abandoned = "abandoned";
}
