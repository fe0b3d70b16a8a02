using System.Diagnostics;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>
/// Files of tests/data/cases with bytes and lines changed: each ends in rows that <see cref="SlowReader"/> reads too,
/// or in a message that names the file. Each file has a number, which a failure says; <see cref="Repeat"/> makes that
/// one again.
/// </summary>
[Collection(EngineCollection.Name)]
public sealed class ReaderFuzzTests : IDisposable
{
    private const int Workers = 2, FailuresShown = 10;

    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(5); // only a hang meets it

    private static readonly Seed[] Seeds = [.. SeedsOf()];

    private readonly TestFolder folder = new();

    private sealed record Seed(string Name, byte[] Content, string Delimiter, string[] Columns);

    [Fact]
    public void ChangedFilesEndInTheRowsOfASlowReaderOrInAMessageThatNamesTheFile() => TryAll(1, 300);

    [Fact]
    [Trait("Category", "Slow")]
    public void SoDoTwentyThousand() => TryAll(301, 20_000);

    private void TryAll(int first, int last)
    {
        var failures = new List<string>();
        int next = first - 1, read = 0, files = last - first + 1;
        Parallel.For(0, Workers, new ParallelOptions { MaxDegreeOfParallelism = Workers }, _ =>
        {
            using var engine = new DuckDbEngine(new DuckDbOptions { Threads = 1, MemoryLimit = "1GB" });
            for (int number; (number = Interlocked.Increment(ref next)) <= last && failures.Count < FailuresShown;)
            {
                string? failure = Try(engine, number, ref read);
                if (failure is null) continue;
                lock (failures) failures.Add(failure);
            }
        });
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
        Assert.True(read > files / 8, $"Only {read} of {files} files were read at all.");
    }

    /// <summary>Put the number of a failure here.</summary>
    [Theory]
    [InlineData(2761)] // bytes that are no UTF-8 in a column that is not used
    [InlineData(3986)] // bytes that are no UTF-8 in a column after one that is not used: DuckDB ended itself
    [InlineData(7757)] // a broken quote in the line of names: DuckDB lost the rows
    [InlineData(8486)] // a delimiter at the end of a line
    [InlineData(15176)] // a blank line before the line of names: DuckDB took the names for a row
    public void Repeat(int number)
    {
        using var engine = new DuckDbEngine(new DuckDbOptions { Threads = 1 });
        int read = 0;
        string? failure = Try(engine, number, ref read);
        Assert.True(failure is null, failure);
    }

    public void Dispose() => folder.Dispose();

    private string? Try(ISqlEngine engine, int number, ref int read)
    {
        var random = new Random(number);
        Seed seed = Seeds[random.Next(Seeds.Length)];
        byte[] content = Changed(random, seed.Content);
        bool header = random.Next(2) == 0, isJson = seed.Name.Contains(".json", StringComparison.Ordinal);
        bool isParquet = seed.Name.EndsWith(".parquet", StringComparison.Ordinal), named = header || isJson || isParquet;
        string quote = random.Next(4) == 0 ? "" : "\"", packing = isParquet ? "" : new[] { "", "", "", "", ".gz", ".zst" }[random.Next(6)];
        string name = $"{number}-{seed.Name}{packing}";
        byte[] bytes = CompressionTests.Packed(name, content);
        if (packing.Length > 0 && random.Next(3) == 0) bytes = Changed(random, bytes);
        string path = folder.Write(name, bytes);
        var input = new InputOptions
        {
            Path = path, Delimiter = seed.Delimiter, Quote = quote, Header = header, UserColumn = named
                ? seed.Columns[0]
                : "1", ItemColumn = named ? seed.Columns[1] : "2", TimestampColumn = named ? seed.Columns[2] : "3",
        };
        var watch = Stopwatch.StartNew();
        try
        {
            List<string> rows = Read(engine, input, isParquet);
            if (watch.Elapsed > Hang) return $"File {number} ({seed.Name}) took {watch.Elapsed}.";
            Interlocked.Increment(ref read);
            // Of a damaged file two readers say two things: of number 199 DuckDB reads times, Parquet.Net their places in a dictionary.
            if (isParquet) return null;
            string difference = Difference(rows, Expected(content, isJson, seed, input));
            return difference.Length == 0
                ? null
                : $"File {number} ({seed.Name}{packing}, header {header}, quote '{quote}'): {difference}\n{Convert.ToBase64String(content)}";
        }
        catch (InvalidInputException refusal)
        {
            if (watch.Elapsed > Hang) return $"File {number} ({seed.Name}) took {watch.Elapsed}.";
            if (refusal.Message.Contains("INTERNAL Error", StringComparison.Ordinal) || refusal.Message.Contains("invalidated", StringComparison.Ordinal))
            {
                return $"File {number} ({seed.Name}{packing}, header {header}, quote '{quote}'): DuckDB ended itself: "
                    + $"{refusal.Message}\n{Convert.ToBase64String(content)}";
            }

            return refusal.Message.Contains(path, StringComparison.Ordinal)
                ? null
                : $"File {number} ({seed.Name}): the message does not name the file: {refusal.Message}";
        }
        catch (Exception other)
        {
            return $"File {number} ({seed.Name}{packing}, header {header}, quote '{quote}'): {other}\n{Convert.ToBase64String(content)}";
        }
        finally
        {
            File.Delete(path);
        }
    }

    // As preparing reads them, up to the rows; a line that does not fit ends in a refusal that says its line.
    private static List<string> Read(ISqlEngine engine, InputOptions input, bool isParquet)
    {
        using var scratch = new ScratchFolder();
        InputSource source = InputSource.Open(engine, input, ResolvedInput.Find(input, PlainOptions.Prepare).Log, "ncf_fuzzed", scratch);
        return InputSource.Readable(source.Files, () =>
        {
            string fits = isParquet ? "" : " WHERE ncf_fits";
            List<string> rows = [.. engine.Query(
                $"SELECT {string.Join(", ", source.Columns.All.Select(column => $"coalesce(CAST({column.Sql} AS STRING), '')"))} FROM {source.View}{fits}")
                .Select(row => string.Join('\u001f', row))];
            string rejected = $"SELECT ncf_file, line, text FROM {source.View}_rejected ORDER BY line LIMIT 1";
            if (!isParquet && engine.Query(rejected) is [[string file, long line, var text]])
            {
                if (source.IsJson) JsonLines.ReasonOf((string?)text ?? "", [.. source.Columns.All.Select(column => column.Name)]);
                throw new InvalidInputException($"{source.Files.OriginalOf(file)}, line {line}");
            }

            return rows;
        });
    }

    private static List<string>? Expected(byte[] content, bool isJson, Seed seed, InputOptions input)
    {
        if (isJson) return SlowReader.Json(content, seed.Columns)?.ConvertAll(row => string.Join('\u001f', row));
        List<string[]>? records = SlowReader.Csv(content, seed.Delimiter[0], input.Quote.Length == 0 ? null : input.Quote[0]);
        if (records is null || records.Count == 0) return null;
        int columns = records[0].Length;
        // Empty fields after the last column say nothing.
        if (records.Exists(record => record.Length < columns || record.Skip(columns).Any(field => field.Length > 0))) return null;
        int[] places = input.Header ? Array.ConvertAll(seed.Columns, column => Array.IndexOf(records[0], column)) : [0, 1, 2];
        if (places.Any(place => place < 0 || place >= columns)) return null;
        // In a column that is not used nobody looks.
        if (records.Exists(record => places.Any(place => record[place].Contains(SlowReader.NoUtf8, StringComparison.Ordinal)))) return null;
        return [.. records.Skip(input.Header ? 1 : 0).Select(record => string.Join('\u001f', places.Select(place => record[place])))];
    }

    // A line break within a field may have become LF.
    private static string Difference(List<string> rows, List<string>? expected)
    {
        static string WithLf(string row) => row.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (expected is null) return $"{rows.Count} rows were read where the slow reader finds a fault";
        (rows, expected) = (rows.ConvertAll(WithLf), expected.ConvertAll(WithLf));
        rows.Sort(StringComparer.Ordinal);
        expected.Sort(StringComparer.Ordinal);
        if (rows.SequenceEqual(expected)) return "";
        string Show(IEnumerable<string> some) => string.Join(" | ", some.Take(3).Select(row => ShownText.Of(row)));
        return $"{rows.Count} rows were read, not {expected.Count}; only read: {Show(rows.Except(expected))}; only there: {Show(expected.Except(rows))}";
    }

    private static byte[] Changed(Random random, byte[] content)
    {
        var bytes = content.ToList();
        for (int change = random.Next(4); change >= 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 4:
                    bytes.InsertRange(at, "\"\",\t\r\n\r\n\n;{}[]\\: 0\u001f\""u8.Slice(random.Next(18), 2).ToArray());
                    break;
                case 5:
                    int from = bytes.LastIndexOf((byte)'\n', at), to = bytes.IndexOf((byte)'\n', at);
                    if (from >= 0 && to > from) bytes.InsertRange(to, bytes.GetRange(from, to - from));
                    break;
                case 6:
                    byte old = ",\t\"\n"u8[random.Next(4)], other = ",\t\"\n\r;"u8[random.Next(6)];
                    for (int i = at, left = random.Next(1, 4); i < bytes.Count && left > 0; i++)
                    {
                        if (bytes[i] == old) (bytes[i], left) = (other, left - 1);
                    }

                    break;
                case 7:
                    for (int i = bytes.Count - 1; i >= 0; i--)
                    {
                        if (bytes[i] == '\n') bytes.Insert(i, (byte)'\r');
                    }

                    break;
                default:
                    bytes.Insert(at, (byte)'"');
                    break;
            }
        }

        return [.. bytes];
    }

    private static IEnumerable<Seed> SeedsOf()
    {
        string[] usual = ["user_id", "item_id", "timestamp"];
        yield return new Seed("plain.csv",
            [.. "user_id,item_id,timestamp\n1,10,100\n2,\"11\",200\n\"a \"\"b\"\"\",\"x,y\",300\n\n é ,12,\"400\"\n"u8], ",", usual);
        yield return new Seed("further.csv", [.. "item_id,note,user_id,timestamp\r\n1,\"two\nlines\",u,100\r\n2,,v,200\r\n"u8], ",", usual);
        yield return new Seed("tabs.tsv", [.. "user_id\titem_id\ttimestamp\n1\tRock \"n\" Roll\t100\n2\t\"quoted\"\t200\n"u8], "\t", usual);
        yield return new Seed("one.jsonl",
            [
                .. "{\"user_id\": 1, \"item_id\": \"x\\u0041\", \"timestamp\": 1.5e3}\n\n"u8,
                .. "{\"timestamp\": 12345678901234567890, \"item_id\": true, \"user_id\": \"007\", \"more\": {\"a\": [1, 2]}}\n"u8,
            ], ",", usual);
        yield return new Seed("two.csv", File.ReadAllBytes(InputKindsTests.Case("eol_lf_then_crlf/p.csv")), ",", usual);
        yield return new Seed("swallow.tsv", File.ReadAllBytes(InputKindsTests.Case("quote_swallow2_realtab/l.tsv")), "\t", ["user_id", "artist", "timestamp"]);
        using (StreamReader books = CsvRecords.Open(InputKindsTests.Case("amazon2018_jsongz/Books_5.json.gz")))
        {
            yield return new Seed("books.json", Encoding.UTF8.GetBytes(books.ReadToEnd()), ",", ["reviewerID", "asin", "unixReviewTime"]);
        }

        foreach (string name in new[] { "pq_mixed_int_then_text/log/a", "pq_mixed_int_then_text/log/b", "pq_mixed_ts_tz/log/b", "pq_blob_ids/p" })
        {
            yield return new Seed($"{Path.GetFileName(name)}.parquet", File.ReadAllBytes(InputKindsTests.Case($"{name}.parquet")), ",", usual);
        }
    }
}
