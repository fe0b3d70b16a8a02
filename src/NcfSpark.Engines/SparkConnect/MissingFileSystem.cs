using System.Text.RegularExpressions;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// Spark does not bring the classes of object storage along: what names s3a://… fails with "Class
/// org.apache.hadoop.fs.s3a.S3AFileSystem not found", where Hadoop knows the scheme's class, or else with 'No
/// FileSystem for scheme "gs"'. No setting of the input mends that; a package does.
/// </summary>
internal static partial class MissingFileSystem
{
    /// <summary>The query for the version of Spark's Hadoop, which the package must have.</summary>
    public const string HadoopVersionQuery = "SELECT reflect('org.apache.hadoop.util.VersionInfo', 'getVersion')";

    /// <summary>What to add, where a message of Spark is about a file system that is missing; else null.</summary>
    /// <param name="message">What Spark said, with the Java class that it did not find.</param>
    /// <param name="hadoopVersion">Asks for the version of Spark's Hadoop; null where nobody tells.</param>
    public static string? CureFor(string message, Func<string?>? hadoopVersion)
    {
        Match found = NotFound().Match(message);
        if (!found.Success) return null;
        string name = found.Groups["class"].Value, scheme = found.Groups["scheme"].Value;
        if (scheme is "s3" or "s3n")
        {
            return $"Hadoop's S3 file system is named s3a: write s3a://… in place of {scheme}://…, and add its package where Spark then asks for it.";
        }

        string? package = scheme switch
        {
            "s3a" => "hadoop-aws",
            "abfs" or "abfss" or "wasb" or "wasbs" => "hadoop-azure",
            "adl" => "hadoop-azure-datalake",
            "oss" => "hadoop-aliyun",
            "cosn" => "hadoop-cos",
            "obs" => "hadoop-huaweicloud",
            _ when name.Contains(".fs.s3a.", StringComparison.Ordinal) => "hadoop-aws",
            _ when name.Contains(".fs.azure", StringComparison.Ordinal) => "hadoop-azure",
            _ when name.Contains(".fs.adl.", StringComparison.Ordinal) => "hadoop-azure-datalake",
            _ when name.Contains(".fs.aliyun.", StringComparison.Ordinal) => "hadoop-aliyun",
            _ when name.Contains(".fs.cosn.", StringComparison.Ordinal) => "hadoop-cos",
            _ when name.Contains(".fs.obs.", StringComparison.Ordinal) => "hadoop-huaweicloud",
            _ => null,
        };
        if (package is not null) return Add($"org.apache.hadoop:{package}:{hadoopVersion?.Invoke() ?? "VERSION"}", "in the version of Spark's own Hadoop");
        if (scheme == "gs" || name.Contains(".fs.gcs.", StringComparison.Ordinal))
        {
            return Add("com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.22", "Google's connector");
        }

        return scheme.Length > 0
            ? $"Spark knows no file system for {scheme}://: mend the scheme, or add the package that brings it with --packages or --jars."
            : null;
    }

    private static string Add(string package, string what) =>
        $"Spark lacks the classes of this storage. Add --packages {package} ({what}), or where there is no network --jars with that jar and what it needs; "
        + "a server at --remote has to be started with them.";

    [GeneratedRegex(
        @"Class (?<class>\S+FileSystem|\S+\.fs\.\S+) not found|ClassNotFoundException: (Class )?(?<class>\S*FileSystem\S*)"
        + @"|No FileSystem for scheme:? ?""?(?<scheme>[a-z][a-z0-9]*)",
        RegexOptions.ExplicitCapture)]
    private static partial Regex NotFound();
}
