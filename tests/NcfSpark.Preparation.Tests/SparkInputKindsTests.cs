using NcfSpark.Core;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>The kinds of input of <see cref="InputKindsTests"/> on Spark: the same rows as on DuckDB, or the same words of refusal.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkInputKindsTests(SparkFixture spark, EngineFixture duckDb) : IDisposable
{
    private const string Header = InputKindsTests.Header, Good = InputKindsTests.Good;

    private static readonly InputOptions Usual = InputKindsTests.Usual;

    private readonly TestFolder folder = new();
    private readonly InputKindsTests here = new(duckDb);
    private readonly Lazy<InputKindsTests> there = new(() => new InputKindsTests(duckDb) { Engine = spark.Engine });

    public void Dispose()
    {
        here.Dispose();
        if (there.IsValueCreated) there.Value.Dispose();
        folder.Dispose();
    }

    [SkippableFact]
    public void BytesAreTextOrAreRefused() => AssertAlike(
        Usual with { Path = InputKindsTests.Case("pq_blob_ids/p.parquet") },
        Usual with { Path = OneUser("encode('é\U0001F600 ')") },
        Usual with { Path = OneUser("'\\xFF\\xFE'::BLOB") },
        Usual with { Path = OneUser("'a\\xC3'::BLOB") });

    [SkippableFact]
    public void TypesOfSeveralFilesAreUnitedOrRefused()
    {
        AssertAlike(
            [
                .. new[] { "pq_mixed_int_then_text/log", "pq_mixed_ts_tz/log" }.Select(name => Usual with { Path = InputKindsTests.Case(name) }),
                .. new[]
                {
                    ("CAST(7 AS SMALLINT)", "CAST(9000000000 AS BIGINT)"), ("CAST(7 AS INT)", "'007'"), ("CAST(7 AS FLOAT)", "CAST(8 AS INT)"), (
                        "CAST(7 AS DECIMAL(20,0))", "CAST(8 AS BIGINT)"), ("CAST('a' AS BLOB)", "'b'"),
                    ("CAST(200 AS UTINYINT)", "CAST(18446744073709551615 AS UBIGINT)"), ("CAST(3000000000 AS UINTEGER)", "CAST(8 AS BIGINT)"), (
                        "DATE '2020-01-01'", "TIMESTAMP '2020-01-01 00:00:01'"),
                    ("CAST(3.5 AS DOUBLE)", "CAST(9007199254740993 AS BIGINT)"), ("TIMESTAMP '2020-01-01 00:00:00'", "CAST(3 AS BIGINT)"), (
                        "true", "CAST(3 AS BIGINT)"), ("CAST(1.5 AS DECIMAL(4,1))", "CAST(3 AS BIGINT)"),
                }.Select(pair => Usual with { Path = here.TwoFiles(pair.Item1, pair.Item2) }),
            ]);
    }

    [SkippableFact]
    public void FieldsWithinColumnsAreNamedByADot()
    {
        string cased = InputKindsTests.Case("pq_nested/p.parquet");
        string nested = here.OneFile("{'id': 5, 'deep': {'er': 'x'}} AS user, 6 AS item_id, 1700000000 AS timestamp, 'top' AS \"user.name\"");
        AssertAlike([.. new[] { "user_id", "user_id.id" }.Select(name => Usual with { Path = cased, UserColumn = name }),
            .. new[] { "user.id", "user.deep.er", "user.name", "user.nam" }.Select(name => Usual with { Path = nested, UserColumn = name })]);
    }

    [SkippableFact]
    public void FoldersAreColumns()
    {
        var inputs = new[] { "csv", "parquet", "jsonl" }.Select(format => Usual with { Path = here.WritePartitions(format), UserColumn = "shop" }).ToList();
        string nothing = Path.GetDirectoryName(Path.GetDirectoryName(folder.Write("log/shop=__HIVE_DEFAULT_PARTITION__/part.csv", Good)))!;
        folder.Write("log/shop=1/part.csv", Good);
        AssertAlike([.. inputs, inputs[0] with { UserColumn = "user_id" }, Usual with { Path = nothing, UserColumn = "shop" }]);
    }

    [SkippableFact]
    public void JsonLinesAreReadAndBadOnesAreTold()
    {
        string lines = "{\"user\": {\"id\": \"007\"}, \"item\": 12345678901234567890123, \"t\": 1700000000}\n\n \n{\"t\": \"1700000001\", \"item\": "
            + "\"1,2\\\"\", \"user.id\": \"top\\\\\"}\n";
        string[] bad = ["not \"json", "[1,2]", "{\"user_id\": {\"id\": 1}, \"item_id\": 2, \"timestamp\": 3}",
            "{\"user_id\": \"a\\nb\", \"item_id\": 2, \"timestamp\": 3}", "{\"user_id\": null, \"item_id\": 2, \"timestamp\": 1700000000}"];
        AssertAlike(
            Usual with { Path = InputKindsTests.Case(
                "amazon2018_jsongz/Books_5.json.gz"), UserColumn = "reviewerID", ItemColumn = "asin", TimestampColumn = "unixReviewTime" },
            Usual with { Path = folder.Write("log.ndjson.zst",
                CompressionTests.Packed("a.zst", lines)), UserColumn = "user.id", ItemColumn = "item", TimestampColumn = "t", IdType = IdType.Text },
            Usual with { Path = folder.Write("bad.jsonl", "{\"user_id\": 1, \"item_id\": 2, \"timestamp\": 1700000000}\n" + string.Join('\n', bad)) },
            Usual with { Path = folder.Write("late.jsonl", "{\"user_id\": 1, \"item_id\": 2, \"timestamp\": 1700000000}\n{\"user_id\": 1, \"item_id\": "
                + "2, \"timestamp\": \"then\"}\n{\"user_id\": 1, \"item") });
    }

    [SkippableFact]
    public void AQuoteThatIsALetterIsToldWithItsCure()
    {
        InputOptions quotes = Usual with { Path = InputKindsTests.Case("quote_swallow2_realtab/l.tsv"), Delimiter = "\t", ItemColumn = "artist" };
        Assert.Contains("if quotes are letters like others in this file, set Input:Quote to \"\"", Said(there.Value, quotes));
        AssertAlike(quotes, quotes with { Quote = "" });
    }

    [SkippableFact]
    public void QuotesLineEndsAndCompressionAreAlike()
    {
        string[] lines = Good.TrimEnd('\n').Split('\n');
        string mixed = string.Concat(lines.Select((line, index) => line + (index < 1 ? "\n" : index < 2 ? "\r\n" : "\r")));
        AssertAlike(
            [
                Usual with { Path = folder.Write("quoted.csv", Header + "'a,b',10,1700000000\n'it''s \"x\"',10,1700000001\n"), Quote = "'" },
                .. new[] { "eol_lf_then_crlf/p.csv", "gz_upper/r.CSV.GZ", "glob_name_other/ratings[1].csv" }.Select(
                    name => Usual with { Path = InputKindsTests.Case(name) }),
                .. new[] { "log.csv", "log.csv.gz", "log.csv.zst", "log.csv.bz2", "log.csv.BZ2", "a [b]*{c}\\ %20+.csv" }.Select(
                    name => Usual with { Path = folder.Write(name, CompressionTests.Packed(name, mixed)) }),
                Usual with { Path = folder.Write("bad.csv.ZST", TestFolder.Zstd(Good.Replace("\n", "\r\n") + "3,10\n4,,1700000000\n")) },
            ]);
    }

    /// <summary>Ids between every letter that could be a blank: DuckDB's trim, Spark's and that of lists take the same away.</summary>
    [SkippableFact]
    public void TheSameBlanksAroundIdsAreTakenAway()
    {
        (string csv, string[] trimmed) = TrimTests.EveryLetter(folder);
        Assert.Equal(trimmed, there.Value.Read(Usual with { Path = csv }).Select(row => row.User));
    }

    [SkippableFact]
    public void BlanksAroundATimeAreTakenAway() => AssertAlike(
        Usual with { Path = folder.Write("blanks.csv", Header + "1,10,\u00a01700000000\u3000\n1,11, 1700000001.5 \n2,10,\u20031700000002\n") },
        Usual with { Path = folder.Write("dates.csv", Header + "1,10,2024-01-05\u00a0\n1,11,\u00a02024-01-05T10:00:00Z\n2,10,2024-01-06\n") },
        Usual with { Path = folder.Write("late.csv", "\n" + Good) });

    private string OneUser(string user) => here.OneFile($"{user} AS user_id, CAST(1 AS BIGINT) AS item_id, CAST(1700000000 AS BIGINT) AS timestamp");

    private void AssertAlike(params InputOptions[] inputs)
    {
        var differences = new List<string>();
        foreach (InputOptions input in inputs)
        {
            (string onDuckDb, string onSpark) = (Said(here, input), Said(there.Value, input));
            if (onDuckDb != onSpark) differences.Add($"{input.Path} by {input.UserColumn}\nDuckDB: {onDuckDb}\nSpark:  {onSpark}");
        }

        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    private static string Said(InputKindsTests side, InputOptions input)
    {
        try
        {
            return string.Join('\n', side.Read(input));
        }
        catch (InvalidInputException refusal)
        {
            return refusal.Message;
        }
    }
}
