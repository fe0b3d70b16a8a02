using System.Globalization;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>A Spark, whatever the way to it: the statements are the same. How they are sent, and what failures mean, is the way's own.</summary>
public abstract class SparkEngine : IClusterEngine
{
    private const string FileColumn = "ncf_file";

    private readonly HashSet<string> cached = [];

    public string Name => $"Spark {Version}";

    public SqlDialect Dialect { get; } = new SparkDialect();

    public bool RejectedLinesAreRows => true;

    public int ShufflePartitions => int.Parse((string)Query("SET spark.sql.shuffle.partitions")[0][1]!, CultureInfo.InvariantCulture);

    protected abstract string Version { get; }

    /// <summary>The tables whose rows Spark keeps.</summary>
    protected IEnumerable<string> Cached => cached;

    public abstract void Execute(string sql);

    public abstract IReadOnlyList<IReadOnlyList<object?>> Query(string sql);

    public abstract IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> QueryParts(string sql);

    public abstract string Ship(string archive, string alias);

    public abstract void WriteParquet(string query, string directory, string? partitionBy = null);

    public abstract void Dispose();

    public void Materialize(string table, string query)
    {
        Drop(table);
        cached.Add(table);
        Cache(table, query, $"CACHE TABLE {table} OPTIONS ('storageLevel' = 'MEMORY_AND_DISK')");
    }

    // A look-up costs less than another copy of the rows, in time and in memory.
    public void Replace(string table, string query, string source)
    {
        Drop(table);
        View(table, query);
    }

    public void Drop(string table)
    {
        if (cached.Remove(table)) Execute($"UNCACHE TABLE IF EXISTS {table}");
        Execute($"DROP VIEW IF EXISTS {table}");
    }

    public void ReadCsv(string view, IReadOnlyList<string> files, CsvLayout layout)
    {
        string raw = $"{view}_raw";
        View(raw, "csv", files, SparkCsv.Options(layout), SparkCsv.Schema(layout));
        foreach (string statement in SparkCsv.Views(view, raw, layout)) Execute(statement);
    }

    public bool TryReadPlainCsv(string view, IReadOnlyList<string> files, CsvLayout layout, string? names)
    {
        string lines = $"{view}_lines";
        if (SparkCsv.PlainQuery(Version, lines, layout, names) is not { } query) return false;
        View(lines, "text", files, SparkDialect.FolderOptions);
        Execute($"CREATE OR REPLACE TEMP VIEW {view} AS {query}");
        return true;
    }

    public long CountFiles(string path)
    {
        View("ncf_files", "binaryFile", [path], SparkDialect.FolderOptions);
        return (long)Query("SELECT count(*) FROM ncf_files WHERE length > 0")[0][0]!;
    }

    public IReadOnlyList<SqlColumn> ReadParquet(string view, IReadOnlyList<string> files)
    {
        string raw = $"{view}_raw";
        View(raw, "parquet", files, SparkDialect.FolderOptions);
        IReadOnlyList<SqlColumn> columns = Describe(raw);
        Execute($"CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, {SparkDialect.FileName} AS {FileColumn} FROM {raw}");
        return columns;
    }

    public IReadOnlyList<SqlColumn> ReadTable(string view, string table)
    {
        Execute($"CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, '' AS {FileColumn} FROM {table}");
        return Describe(view);
    }

    public IReadOnlyList<SqlColumn> Describe(string view) =>
    [
        .. Query($"DESCRIBE {view}")
            .Select(row => new SqlColumn((string)row[0]!, SparkDialect.KindOf((string)row[1]!), (string)row[1]!))
            .Where(column => column.Name != FileColumn),
    ];

    // Not just any line: the first of a file's first block.
    public string? FirstLine(string path) =>
        Query($"SELECT value FROM text.`{path.Replace("`", "``")}` WHERE _metadata.file_block_start = 0 LIMIT 1") is [[string line]] ? line : null;

    // Equal rows cancel in the second hash, and cannot in the first, which is below 2^31 so that 2^32 rows of them add up.
    public string Checksum(string view, IReadOnlyList<string> columns)
    {
        string hash = $"xxhash64({string.Join(", ", columns)})";
        return $"SELECT count(*), coalesce(sum({hash} & 2147483647), 0), coalesce(bit_xor({hash}), 0) FROM {view}";
    }

    /// <summary>Makes a query a view and keeps its rows by the given statement.</summary>
    protected abstract void Cache(string table, string query, string statement);

    /// <summary>Makes a query a view that keeps its plan.</summary>
    protected abstract void View(string view, string query);

    /// <summary>Makes files a view, in a format of Spark's such as "csv".</summary>
    protected abstract void View(string view, string format, IReadOnlyList<string> files, IReadOnlyDictionary<string, string> options, string? schema = null);
}

/// <summary>Paths as Spark reads them.</summary>
internal static class SparkPaths
{
    private const string GlobCharacters = "\\*?[]{}";

    /// <summary>
    /// A path without a scheme is one of this machine's files, also where the cluster's default is HDFS, and whole,
    /// since Spark may work in another directory.
    /// </summary>
    public static string Whole(string path) => path.Split(":/", 2) is [var scheme, _] && Uri.CheckSchemeName(scheme) ? path : $"file:{Path.GetFullPath(path)}";

    /// <summary>A path to read. Hadoop reads globs in it; in the name of a file or a folder that is there, such characters stand for themselves.</summary>
    public static string ToRead(string path) =>
        Path.Exists(path)
            ? string.Concat(Whole(path).Select(c => GlobCharacters.Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString()))
            : Whole(path);
}
