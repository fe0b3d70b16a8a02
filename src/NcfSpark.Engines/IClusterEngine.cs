namespace NcfSpark.Engines;

/// <summary>
/// An engine that reads more than files of this machine: tables of a catalogue, and paths with a scheme (hdfs:, s3a:,
/// …), also in ReadCsv and ReadParquet.
/// </summary>
public interface IClusterEngine : ISqlEngine
{
    /// <summary>Makes a table or view, by its name as SQL says it, a view with ncf_file '', and says what columns there are (without ncf_file).</summary>
    IReadOnlyList<SqlColumn> ReadTable(string view, string table);

    /// <summary>The first line of a text file, or of one of the files of a folder or glob; null where there is none.</summary>
    string? FirstLine(string path);

    /// <summary>How many files that are not empty a path stands for.</summary>
    long CountFiles(string path);

    /// <summary>
    /// A query of one row (rows, a, b) that tells the rows of a view apart from any others, whatever their order:
    /// hashes over the given columns.
    /// </summary>
    string Checksum(string view, IReadOnlyList<string> columns);

    /// <summary>How many partitions a shuffle has where a query does not say: what the cluster's owner found fit for it.</summary>
    int ShufflePartitions { get; }

    /// <summary>
    /// Makes a .tar.gz of this machine a directory beside the tasks on every executor, and says what it is called in a
    /// script there (see <see cref="TaskScript"/>). Each executor fetches it once from Spark's driver, before its next
    /// task, however many tasks it runs.
    /// </summary>
    /// <param name="archive">Its path. It holds no entries that begin with "./". The file stays as it is until the
    /// engine is closed: Spark's driver may read it there whenever an executor asks for it.</param>
    string Ship(string archive, string alias);

    /// <summary>
    /// A query's rows in its order, as <see cref="ISqlEngine.Query"/> gives them, in parts as they come: for results
    /// that need not be in memory at once.
    /// </summary>
    IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> QueryParts(string sql);
}
