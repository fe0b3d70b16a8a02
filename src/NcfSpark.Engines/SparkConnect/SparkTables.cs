using System.Globalization;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>The statements of <see cref="IClusterEngine"/> on Spark.</summary>
internal static class SparkTables
{
    private const string FileColumn = "ncf_file";

    public static string View(string view, string table) => $"CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, '' AS {FileColumn} FROM {table}";

    /// <summary>From the rows of DESCRIBE.</summary>
    public static IReadOnlyList<SqlColumn> Columns(IReadOnlyList<IReadOnlyList<object?>> described) =>
        [.. described.Select(row => new SqlColumn((string)row[0]!, SparkDialect.KindOf((string)row[1]!), (string)row[1]!)).Where(column => column.Name != FileColumn)];

    /// <summary>A row (setting, value).</summary>
    public const string ShufflePartitionsQuery = "SET spark.sql.shuffle.partitions";

    public static int ShufflePartitions(IReadOnlyList<IReadOnlyList<object?>> rows) => int.Parse((string)rows[0][1]!, CultureInfo.InvariantCulture);

    /// <summary>Not just any line: the first of a file's first block.</summary>
    public static string FirstLine(string path) => $"SELECT value FROM text.`{path.Replace("`", "``")}` WHERE _metadata.file_block_start = 0 LIMIT 1";

    /// <summary>Equal rows cancel in the second hash, and cannot in the first, which is below 2^31 so that 2^32 rows of them add up.</summary>
    public static string Checksum(string view, IReadOnlyList<string> columns)
    {
        string hash = $"xxhash64({string.Join(", ", columns)})";
        return $"SELECT count(*), coalesce(sum({hash} & 2147483647), 0), coalesce(bit_xor({hash}), 0) FROM {view}";
    }
}
