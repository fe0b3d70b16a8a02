using System.Text.RegularExpressions;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// What Spark's UI and event log call the work of a run: "ncfspark shop 2026-11-30: split". The server describes a job by the first letters of the
/// request, which say nothing; a session's spark.job.description, which Spark hands to every job of a statement, replaces that.
/// </summary>
internal static partial class SparkDescription
{
    public const string Setting = "spark.job.description";

    public static string Of(string run, string what) => $"ncfspark {run}: {what}";

    /// <summary>For the operations of a session, which the server lists by tags. A tag holds no comma.</summary>
    public static string TagOf(string run) => $"ncfspark {run}".Replace(',', ' ');

    /// <summary>"log" of a statement about ncf_log; "tasks" of one that runs this program in Spark's tasks.</summary>
    public static string WordsOf(string sql)
    {
        if (sql.Contains("TRANSFORM", StringComparison.Ordinal)) return "tasks";
        Match table = Table().Match(sql);
        return table.Success ? table.Groups["name"].Value.Replace('_', ' ') : "query";
    }

    [GeneratedRegex(@"(FROM|JOIN|TABLE) ncf_(?<name>[a-z_]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Table();
}
