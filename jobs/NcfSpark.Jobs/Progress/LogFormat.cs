using System.Collections;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// How standard error is written: NCFSPARK_LOG, "text" or "json". Not a setting of the configuration, because faults of the configuration are written there.
/// </summary>
internal static class LogFormat
{
    public const string Variable = "NCFSPARK_LOG";

    /// <summary>Whether JSON lines are wanted; null where the variable holds something else.</summary>
    public static bool? IsJson(IDictionary environment) => (environment[Variable] as string)?.Trim() switch
    {
        null or "" or "text" => false,
        "json" => true,
        _ => null,
    };
}
