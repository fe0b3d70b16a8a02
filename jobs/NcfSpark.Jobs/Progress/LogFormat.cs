using System.Collections;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// How standard error is written: NCFSPARK_LOG, "text" or "json". It is no setting of the configuration, since a fault in that is told there, too.
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
