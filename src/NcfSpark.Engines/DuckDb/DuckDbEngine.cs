using System.Data;
using System.Numerics;
using DuckDB.NET.Data;
using NcfSpark.Core;

namespace NcfSpark.Engines.DuckDb;

/// <summary>DuckDB in this process: nothing to install, all cores, and disk where memory ends.</summary>
public sealed class DuckDbEngine : ISqlEngine
{
    private const double ShareOfMachine = 0.6;

    private readonly DuckDBConnection connection;
    private readonly string spillDirectory;
    private readonly Action<string>? report;
    private readonly ITimer spillWatch;
    private readonly CancellationToken cancellation;

    /// <param name="cancellation">Ends the statement that runs, with an <see cref="OperationCanceledException"/>.</param>
    public DuckDbEngine(DuckDbOptions options, CancellationToken cancellation = default)
    {
        (this.cancellation, report) = (cancellation, options.Report);
        spillDirectory = options.SpillDirectory.Length > 0 ? options.SpillDirectory : PrivateSpill();
        connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        Execute($"SET temp_directory = {Literal(spillDirectory)}");
        Execute("SET preserve_insertion_order = false"); // rows have no order in a log; keeping one costs memory and threads
        Execute("SET enable_progress_bar = false");
        Execute("SET TimeZone = 'UTC'"); // a moment without a zone is in UTC, wherever the machine stands
        if (options.Threads > 0) Execute($"SET threads = {options.Threads}");
        long share = (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * ShareOfMachine);
        Execute($"SET memory_limit = {Literal(options.MemoryLimit.Length > 0 ? options.MemoryLimit : $"{share >> 20}MiB")}");
        // DuckDB does not keep how much it has spilled, and takes files away that it needs no more.
        TimeSpan often = TimeSpan.FromMilliseconds(500);
        spillWatch = TimeProvider.System.CreateTimer(_ => MostSpilled = Math.Max(MostSpilled, SpilledBytes()), null, often, often);
    }

    public string Name => $"DuckDB {connection.ServerVersion.TrimStart('v')}";

    /// <summary>The most bytes that were on disk at a time, as far as was seen: it is looked at every half second.</summary>
    public long MostSpilled { get; private set; }

    public SqlDialect Dialect { get; } = new DuckDbDialect();

    public bool RejectedLinesAreRows => false;

    public void Execute(string sql) => Guarded(sql, command => command.ExecuteNonQuery());

    public IReadOnlyList<IReadOnlyList<object?>> Query(string sql) => Guarded(sql, command =>
    {
        using DuckDBDataReader reader = command.ExecuteReader();
        var rows = new List<IReadOnlyList<object?>>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => Plain(reader.GetValue(column)))]);
        return rows;
    });

    public IReadOnlyList<IReadOnlyList<object?>> QueryInOrder(string sql)
    {
        Execute("SET preserve_insertion_order = true");
        try
        {
            return Query(sql);
        }
        finally
        {
            Execute("SET preserve_insertion_order = false");
        }
    }

    public void Materialize(string table, string query) => Execute($"CREATE OR REPLACE TEMP TABLE {table} AS {query}");

    public void Drop(string table) => Execute($"DROP TABLE IF EXISTS {table}");

    public void ReadCsv(string view, IReadOnlyList<string> files, CsvLayout layout)
    {
        string[] names = [.. Enumerable.Range(1, layout.Columns).Select(column => $"c{column}")];
        string columns = string.Join(", ", names.Select(name => $"'{name}': 'VARCHAR'"));
        // Always true, and asks for every column: DuckDB passes over bytes that are no UTF-8, and quotes that do not match, in a column that no query
        // names, and ends itself (INTERNAL Error) on those in a column after such a one.
        string judged = layout.IsUtf8 ? "" : $" WHERE coalesce({string.Join(", ", names)}, '') IS NOT NULL";
        // A tab-separated line of nothing but tabs is blank, too: Spark passes over it. "c1 >= '!'" is quick, and true of most.
        string notBlank = layout.Delimiter.Any(letter => letter > ' ') ? ""
            : $"{(judged.Length == 0 ? " WHERE" : " AND")} (c1 >= '!' OR NOT {IsBlank($"concat({string.Join(", ", names)})")})";
        Drop($"{view}_errors");
        Drop($"{view}_scans");
        Execute($"""
            CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, true AS ncf_fits FROM read_csv({DuckDbText.Files(files)},
                auto_detect = false, header = {layout.Header}, delim = {Literal(layout.Delimiter)}, quote = {Literal(layout.Quote)},
                escape = {Literal(layout.Quote)}, columns = {"{"}{columns}{"}"}, filename = 'ncf_file', hive_partitioning = false,
                store_rejects = true, rejects_table = '{view}_errors', rejects_scan = '{view}_scans', rejects_limit = 0){judged}{notBlank}
            """);
        Query($"SELECT * FROM {view} LIMIT 1"); // makes the two tables of rejects
        Execute($"""
            CREATE OR REPLACE TEMP VIEW {view}_rejected AS
            SELECT s.file_path AS ncf_file, CAST(e.line AS BIGINT) AS line, min(e.csv_line) AS text, min(split_part(e.error_message, chr(10), 1)) AS reason
            FROM {view}_errors e JOIN {view}_scans s ON e.scan_id = s.scan_id AND e.file_id = s.file_id
            WHERE NOT {IsBlank("e.csv_line")}
            GROUP BY s.file_path, e.line
            """); // a line has an error for each column, and for each time that it was read
    }

    public IReadOnlyList<SqlColumn> ReadParquet(string view, IReadOnlyList<string> files)
    {
        Execute($"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM read_parquet({DuckDbText.Files(files)}, filename = 'ncf_file', "
            + "hive_partitioning = false)");
        return Describe(view);
    }

    public IReadOnlyList<SqlColumn> Describe(string view) =>
        [.. Query($"DESCRIBE {view}").Where(row => (string)row[0]! != "ncf_file")
            .Select(row => new SqlColumn((string)row[0]!, KindOf((string)row[1]!), (string)row[1]!))];

    public void WriteParquet(string query, string directory, string? partitionBy = null)
    {
        string layout = partitionBy is null ? "PER_THREAD_OUTPUT" : $"PARTITION_BY ({partitionBy})";
        Execute($"COPY ({query}) TO {Literal(directory)} (FORMAT parquet, COMPRESSION zstd, {layout})");
        Directory.CreateDirectory(directory); // without rows DuckDB makes none
    }

    public void Dispose()
    {
        spillWatch.Dispose();
        connection.Dispose();
        Leftovers.TryDelete(spillDirectory);
        if (MostSpilled > 0) report?.Invoke($"DuckDB wrote up to {MostSpilled / 1e9:F1} GB to {spillDirectory}, beyond its memory (Prepare:MemoryLimit).");
    }

    private long SpilledBytes()
    {
        try
        {
            return new DirectoryInfo(spillDirectory).EnumerateFiles().Sum(file => file.Length);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0; // there is none, or a file has just gone; a timer's failure would end the program
        }
    }

    // 0700: it holds rows of the log.
    private static string PrivateSpill()
    {
        string path = Path.Combine(Path.GetTempPath(), $"ncfspark-duckdb-{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            LinuxFiles.MakePrivateDirectory(path);
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            // Most statements need none. One that does says so.
        }

        return path;
    }

    private static string Literal(string text) => DuckDbText.Literal(text);

    private static string IsBlank(string text) => $"regexp_full_match({text}, '[\\x00-\\x20]*')";

    internal static SqlColumnKind KindOf(string type) => type switch
    {
        "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" => SqlColumnKind.WholeNumber,
        "FLOAT" or "DOUBLE" => SqlColumnKind.Floating,
        "BOOLEAN" => SqlColumnKind.Boolean,
        "BLOB" => SqlColumnKind.Binary,
        _ when type.EndsWith(']') || type.StartsWith("STRUCT(", StringComparison.Ordinal) || type.StartsWith("MAP(", StringComparison.Ordinal)
            || type.StartsWith("UNION(", StringComparison.Ordinal) => SqlColumnKind.Nested,
        _ when type.StartsWith("TIMESTAMP", StringComparison.Ordinal) || type == "DATE" => SqlColumnKind.Timestamp,
        _ => SqlColumnKind.Text,
    };

    private static object? Plain(object value) => value switch
    {
        DBNull => null,
        sbyte or short or int or byte or ushort or uint or ulong => Convert.ToInt64(value),
        float single => (double)single,
        decimal exact => (double)exact,
        BigInteger big => (long)big,
        long or double or string or bool => value,
        _ => value.ToString(),
    };

    private T Guarded<T>(string sql, Func<DuckDBCommand, T> run)
    {
        cancellation.ThrowIfCancellationRequested();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using CancellationTokenRegistration interrupt = cancellation.Register(command.Cancel);
        try
        {
            return run(command);
        }
        catch (DuckDBException cause)
        {
            cancellation.ThrowIfCancellationRequested(); // DuckDB calls an interrupted statement an error
            throw new SqlEngineException(WithoutStack(cause.Message), cause);
        }
    }

    // What DuckDB did not expect comes with its own stack.
    private static string WithoutStack(string message) => message.Split("\n\nStack Trace:")[0];
}

/// <summary>What DuckDB may take of the machine.</summary>
public sealed record DuckDbOptions
{
    /// <summary>Threads; 0 for all cores.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Memory before it spills to disk, such as "6GB"; "" for 60 % of the machine (45 % of a container with a limit, of which .NET
    /// takes 75 %).
    /// </summary>
    public string MemoryLimit { get; init; } = "";

    /// <summary>Told at the end how much was spilled, where anything was.</summary>
    public Action<string>? Report { get; init; }

    /// <summary>
    /// A directory for what does not fit memory. It is made when it is needed and deleted at the end. "" for one in the
    /// system's place for such.
    /// </summary>
    public string SpillDirectory { get; init; } = "";
}
