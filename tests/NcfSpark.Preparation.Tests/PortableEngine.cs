using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>An engine that is given only the statements that every engine understands, where its dialect has a faster one of its own.</summary>
internal sealed class PortableEngine(ISqlEngine engine) : ISqlEngine
{
    public string Name => engine.Name;

    public SqlDialect Dialect { get; } = new PortableDialect(engine.Dialect);

    public bool RejectedLinesAreRows => engine.RejectedLinesAreRows;

    public void Execute(string sql) => engine.Execute(sql);

    public IReadOnlyList<IReadOnlyList<object?>> Query(string sql) => engine.Query(sql);

    public IReadOnlyList<IReadOnlyList<object?>> QueryInOrder(string sql) => engine.QueryInOrder(sql);

    public void Materialize(string table, string query) => engine.Materialize(table, query);

    public void Drop(string table) => engine.Drop(table);

    public void ReadCsv(string view, IReadOnlyList<string> files, CsvLayout layout) => engine.ReadCsv(view, files, layout);

    public IReadOnlyList<SqlColumn> ReadParquet(string view, IReadOnlyList<string> files) => engine.ReadParquet(view, files);

    public IReadOnlyList<SqlColumn> Describe(string view) => engine.Describe(view);

    public void WriteParquet(string query, string directory, string? partitionBy = null) => engine.WriteParquet(query, directory, partitionBy);

    public void Dispose()
    {
        // the engine is the fixture's
    }

    private sealed class PortableDialect(SqlDialect dialect) : SqlDialect
    {
        public override string Trimmed(string text) => dialect.Trimmed(text);

        public override string IntegerQuotient(string dividend, string divisor) => dialect.IntegerQuotient(dividend, divisor);

        public override string Quoted(string name) => dialect.Quoted(name);

        public override string TextOf(string binary) => dialect.TextOf(binary);

        public override string IsUtf8(string binary) => dialect.IsUtf8(binary);

        public override string Matches(string text, string pattern) => dialect.Matches(text, pattern);

        public override string EpochMicroseconds(string timestamp) => dialect.EpochMicroseconds(timestamp);

        public override string EpochNanoseconds(string timestamp) => dialect.EpochNanoseconds(timestamp);

        public override string Literal(string text) => dialect.Literal(text);

        public override IReadOnlyList<(string Sql, string Name)> PlaceInFile => dialect.PlaceInFile;
    }
}
