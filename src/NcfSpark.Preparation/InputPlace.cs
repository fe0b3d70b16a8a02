using System.Text.RegularExpressions;

namespace NcfSpark.Preparation;

/// <summary>Where a setting such as Input:Path points: to files of this machine, or, by a scheme, to what only Spark reads.</summary>
public static partial class InputPlace
{
    internal const string TableScheme = "table:";

    /// <summary>Whether it begins with a scheme, such as hdfs: or table:. One letter and a colon is a drive of Windows.</summary>
    public static bool HasScheme(string given) => Scheme().IsMatch(given) && !File.Exists(given);

    internal static bool IsTable(string given) => given.StartsWith(TableScheme, StringComparison.Ordinal);

    /// <summary>By the setting where it says so, else by the ending; folders without one are mostly Parquet there.</summary>
    internal static bool IsParquet(string given, InputFormat format) =>
        format == InputFormat.Parquet || (format == InputFormat.Auto && !TextEnding().IsMatch(given));

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]+:")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"\.(csv|tsv|txt|dat|rating)(\.gz|\.bz2|\.zst)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TextEnding();
}
