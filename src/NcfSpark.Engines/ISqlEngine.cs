namespace NcfSpark.Engines;

/// <summary>
/// What runs the SQL of a job: DuckDB in the process, or a Spark. Statements are written in what the engines have in common; where they
/// differ, <see cref="Dialect"/> says it in the engine's words. Views live as long as the engine.
/// </summary>
public interface ISqlEngine : IDisposable
{
    /// <summary>For messages and manifests, such as "DuckDB 1.5.6".</summary>
    string Name { get; }

    SqlDialect Dialect { get; }

    /// <summary>Runs a statement that returns nothing, such as CREATE OR REPLACE TEMP VIEW.</summary>
    void Execute(string sql);

    /// <summary>Runs a query with a small result. Values are long, double, string, bool or null, whatever the engine's own types are.</summary>
    IReadOnlyList<IReadOnlyList<object?>> Query(string sql);

    /// <summary>Computes a query once and keeps its rows under a name for the statements that follow.</summary>
    void Materialize(string table, string query);

    /// <summary>Makes the given local or remote files a view of text or typed columns.</summary>
    void ReadParquet(string view, string path);

    /// <summary>Writes a query's rows as Parquet files into a directory that is not there yet, in a directory "column=value" for each value of <paramref name="partitionBy"/> if given.</summary>
    void WriteParquet(string query, string directory, string? partitionBy = null);
}
