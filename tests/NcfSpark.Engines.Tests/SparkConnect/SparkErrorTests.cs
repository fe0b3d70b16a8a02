using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkErrorTests(SparkFixture spark)
{
    [SkippableFact]
    public async Task ASyntaxErrorHasItsPlace()
    {
        SparkException error = await ErrorOf("SELECT 1,\n  FRM range(0, 3) x y");
        Assert.Equal((SparkErrorKind.InvalidStatement, "PARSE_SYNTAX_ERROR", "42601"), (error.Kind, error.ErrorClass, error.SqlState));
        Assert.Equal((2, 12), (error.Line, error.Column));
        Assert.Contains("Syntax error at or near", error.Message);
        Assert.False(error.IsInputAtFault);
    }

    [SkippableFact]
    public async Task AMissingColumnHasItsPlaceAndTheNearestNames()
    {
        SparkException error = await ErrorOf("SELECT\n usr_id FROM (SELECT 1 AS user_id, 2 AS item_id)");
        Assert.Equal((SparkErrorKind.ColumnNotFound, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"), (error.Kind, error.ErrorClass, error.SqlState));
        Assert.Equal((2, 2), (error.Line, error.Column));
        Assert.Contains("Did you mean", error.Message);
        Assert.Contains("user_id", error.Message);
        Assert.True(error.IsInputAtFault);
    }

    [SkippableFact]
    public async Task AMissingPathIsNamed()
    {
        SparkException error = await ErrorOf("SELECT * FROM parquet.`/nowhere/at/all`");
        Assert.Equal((SparkErrorKind.PathNotFound, "PATH_NOT_FOUND"), (error.Kind, error.ErrorClass));
        Assert.Contains("/nowhere/at/all", error.Message);
    }

    [SkippableFact]
    public async Task AMissingTableIsNamed() => Assert.Equal(SparkErrorKind.TableNotFound, (await ErrorOf("SELECT * FROM no_such_table")).Kind);

    [SkippableFact]
    public async Task AValueThatCannotBeComputedHasItsPlace()
    {
        SparkException error = await ErrorOf("SELECT id, 1 / id FROM range(0, 2)");
        Assert.Equal((SparkErrorKind.InvalidValue, "DIVIDE_BY_ZERO", "22012"), (error.Kind, error.ErrorClass, error.SqlState));
        Assert.Equal((1, 12), (error.Line, error.Column));
        Assert.Equal(SparkErrorKind.InvalidValue, (await ErrorOf("SELECT CAST('seven' AS INT)")).Kind);
    }

    [SkippableFact]
    public async Task AnExistingDirectoryIsNotWrittenTo()
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        string directory = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;
        try
        {
            var error = await Assert.ThrowsAsync<SparkException>(() => client.WriteParquetAsync("SELECT 1 AS one", directory));
            Assert.Equal(SparkErrorKind.PathExists, error.Kind);
            Assert.Empty(Directory.GetFileSystemEntries(directory));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [SkippableFact]
    public async Task AFileThatIsNoParquetIsUnreadable()
    {
        string directory = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "part.parquet"), "this is no Parquet file at all");
            SparkException error = await ErrorOf($"SELECT * FROM parquet.`{directory}`");
            Assert.Equal((SparkErrorKind.UnreadableData, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER"), (error.Kind, error.ErrorClass));
            Assert.Contains("part.parquet", error.Message);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [SkippableFact]
    public async Task WhatAScriptSaysWhenItFailsIsInTheMessage()
    {
        SparkException error = await ErrorOf("SELECT TRANSFORM(id) USING 'cat >/dev/null; echo no model here >&2; exit 3' AS (x STRING) FROM range(0, 2)");
        Assert.Contains("status 3", error.Message);
    }

    private async Task<SparkException> ErrorOf(string query)
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        var error = await Assert.ThrowsAsync<SparkException>(() => client.QueryAsync(query));
        Assert.NotEmpty(await client.QueryAsync("SELECT 'the session goes on'"));
        return error;
    }
}
