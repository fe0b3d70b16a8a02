namespace NcfSpark.Engines;

/// <summary>
/// What runs the SQL of a job: DuckDB in the process, or a Spark. Statements are written in what the engines have in common; where they
/// differ, <see cref="Dialect"/> says it in the engine's words. Views and tables live as long as the engine. One statement at a time.
/// </summary>
/// <remarks>Every member throws <see cref="SqlEngineException"/> where the engine refuses or fails.</remarks>
public interface ISqlEngine : IDisposable
{
    /// <summary>For messages and manifests, such as "DuckDB 1.5.6".</summary>
    string Name { get; }

    SqlDialect Dialect { get; }

    /// <summary>
    /// Whether CSV lines that do not fit are rows of the view too, so that counting them is no further reading of the
    /// files. See <see cref="ReadCsv"/>.
    /// </summary>
    bool RejectedLinesAreRows { get; }

    /// <summary>Runs a statement that returns nothing, such as CREATE OR REPLACE TEMP VIEW.</summary>
    void Execute(string sql);

    /// <summary>Runs a query with a small result. Values are long, double, string, bool or null, whatever the engine's own types are.</summary>
    IReadOnlyList<IReadOnlyList<object?>> Query(string sql);

    /// <summary>
    /// As <see cref="Query"/>; rows of a view of one file come in their order, so that a LIMIT takes the first; files
    /// may be read side by side. Where the dialect has <see cref="SqlDialect.PlaceInFile"/>, the statement itself has
    /// to order by ncf_file and those.
    /// </summary>
    IReadOnlyList<IReadOnlyList<object?>> QueryInOrder(string sql) => Query(sql);

    /// <summary>
    /// Computes a query once and keeps its rows under a name for the statements that follow; a table of that name is
    /// replaced, and the query may not read it.
    /// </summary>
    void Materialize(string table, string query);

    /// <summary>Lets go of a table made by <see cref="Materialize"/>, so that its memory serves what follows.</summary>
    void Drop(string table);

    /// <summary>
    /// Makes a table of a materialized table's rows, with columns that are looked up in small tables: afterwards the
    /// materialized one may be gone. Here its rows are kept in its place; an engine may look them up each time they are
    /// read.
    /// </summary>
    void Replace(string table, string query, string source)
    {
        Materialize(table, query);
        Drop(source);
    }

    /// <summary>
    /// Makes CSV files (UTF-8, plain or .gz, fields quoted by " where needed) a view with the columns c1 … cN, all STRING (an empty field may be
    /// NULL or ''), ncf_file STRING, and ncf_fits BOOLEAN. Nothing is guessed. Blank lines, which have no letter beyond
    /// U+0020, are passed over, and so are empty fields after the last column. Lines that do not fit, by their count of
    /// columns, their quotes or their encoding, are left out, or are rows where ncf_fits is false
    /// (<see cref="RejectedLinesAreRows"/>); after a query has read the whole view once, they stand in the view
    /// NAME_rejected: ncf_file STRING, line BIGINT (NULL where the engine cannot tell), text STRING, reason STRING.
    /// </summary>
    void ReadCsv(string view, IReadOnlyList<string> files, CsvLayout layout);

    /// <summary>
    /// A quicker way than <see cref="ReadCsv"/> for files without quotes, with the same columns but ncf_file. Every
    /// line that is not empty is a row: with ncf_fits NULL where it is the line of names, and false where it is not
    /// plain (a quote, another count of columns, no UTF-8); the columns of such lines hold anything. Who meets a line
    /// that is not plain, or not as many lines of names as files, reads by <see cref="ReadCsv"/>.
    /// </summary>
    /// <param name="names">The line of names; null where there is none.</param>
    /// <returns>Whether the engine has such a way.</returns>
    bool TryReadPlainCsv(string view, IReadOnlyList<string> files, CsvLayout layout, string? names) => false;

    /// <summary>The columns of a view, without ncf_file.</summary>
    IReadOnlyList<SqlColumn> Describe(string view);

    /// <summary>Makes Parquet files a view of their columns and ncf_file STRING, and says what columns there are (without ncf_file).</summary>
    /// <remarks>All files should have the same types: what an engine makes of others is its own.</remarks>
    IReadOnlyList<SqlColumn> ReadParquet(string view, IReadOnlyList<string> files);

    /// <summary>
    /// Writes a query's rows as Parquet files into a directory that is not there yet; with
    /// <paramref name="partitionBy"/> (a column of the query, of a whole-number type) into a directory "column=value"
    /// for each value. A query without rows leaves an empty directory or a file without rows.
    /// </summary>
    void WriteParquet(string query, string directory, string? partitionBy = null);
}

/// <summary>How CSV files are laid out.</summary>
/// <param name="Delimiter">What stands between two columns: one to four characters.</param>
/// <param name="Header">Whether the first line of each file names the columns, and is passed over.</param>
/// <param name="Columns">How many columns a line has.</param>
/// <param name="Quote">What a field may be quoted by, one character, doubled for a quote within it; "" where quotes are letters like others.</param>
public sealed record CsvLayout(string Delimiter, bool Header, int Columns, string Quote = "\"")
{
    /// <summary>Whether all is known to be UTF-8, with quotes that match. Else a line that is not is rejected, in whatever column.</summary>
    public bool IsUtf8 { get; init; }
}

/// <summary>An engine refused a statement, or failed in it. The message is the engine's own, without the statement.</summary>
public sealed class SqlEngineException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>
    /// Whether what was read or written is surely at fault: no such path or table, a damaged file, no permission.
    /// Engines in the process do not tell.
    /// </summary>
    public bool InputAtFault { get; init; }

    /// <summary>What to do, where the engine knows better than whoever asked it.</summary>
    public string? Cure { get; init; }

    /// <summary>Whether the engine is gone, with all its tables; nothing is known of the statement's fate.</summary>
    public bool EngineLost { get; init; }
}
