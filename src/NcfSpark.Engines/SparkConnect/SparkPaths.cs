namespace NcfSpark.Engines.SparkConnect;

/// <summary>Paths as Spark reads them.</summary>
internal static class SparkPaths
{
    private const string GlobCharacters = "\\*?[]{}";

    /// <summary>A path without a scheme is one of this machine's files, also where the cluster's default is HDFS, and whole, since Spark may work in another directory.</summary>
    public static string Whole(string path) => path.Split(":/", 2) is [var scheme, _] && Uri.CheckSchemeName(scheme) ? path : $"file:{Path.GetFullPath(path)}";

    /// <summary>A path to read. Hadoop reads globs in it; in the name of a file or a folder that is there, such characters stand for themselves.</summary>
    public static string ToRead(string path) =>
        Path.Exists(path) ? string.Concat(Whole(path).Select(c => GlobCharacters.Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString())) : Whole(path);
}
