using System.Collections;
using System.Globalization;
using System.IO.Compression;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Jobs.Tests;

/// <summary>The layouts that well-known logs have: `init` writes a configuration by which `prepare` reads every row.</summary>
public sealed class WellKnownLayoutTests : IDisposable
{
    private const int Rows = 600;

    private const string Amazon2014 = """{"reviewerID": "A{user}NB2VFCIL4", "asin": "00060092{item}X", "reviewerName": "J. \"Jo\" {user}", "helpful": [0, 0], "reviewText": "Good, {item}", "overall": {rating}.0, "summary": "Yes", "unixReviewTime": {seconds}, "reviewTime": "02 {rating}, 2014"}""";
    private const string Amazon2018 = """{"overall": {rating}.0, "verified": true, "reviewTime": "03 {user}, 2014", "reviewerID": "A{user}NB2VFCIL4", "asin": "00060092{item}X", "style": {"Format:": " Paperback"}, "reviewText": "Good, {item}", "unixReviewTime": {seconds}}""";
    private const string FirstIsUser = "Nothing but its place says that column 1 is the user. If it is not, set Input:UserColumn.";

    private readonly TemporaryFolder folder = new();
    private readonly DuckDbEngine engine = new(new DuckDbOptions { Threads = 1 });

    public void Dispose()
    {
        engine.Dispose();
        folder.Dispose();
    }

    /// <param name="file">Its name; compressed where that ends in .gz.</param>
    /// <param name="unsure">The beginnings of what is said to be unsure, parted by |.</param>
    [Theory]
    [InlineData("u.data", "{user}\t{item}\t{rating}\t{seconds}", "", "\t", "1 2 4", FirstIsUser + "|Nothing but its place says that column 2 is the item.")]
    [InlineData("ratings.dat", "{user}::{item}::{rating}::{seconds}", "", "::", "1 2 4",
        FirstIsUser + "|Nothing but its place says that column 2 is the item.")]
    [InlineData("ratings.csv", "{user},{item},{rating}.5,{seconds}", "userId,movieId,rating,timestamp", ",", "userId movieId timestamp", "")]
    [InlineData("ratings_Books.csv", "A{user}NB2VFCIL4{user},0006009{item}X,{rating}.0,{seconds}", "", ",", "1 2 4", "")]
    [InlineData("reviews_Books_5.json.gz", Amazon2014, "", ",", "reviewerID asin unixReviewTime", "")]
    [InlineData("Books.csv", "B00{item}QWERT,A{user}NB2VFCIL4{user},{rating}.0,{seconds}", "", ",", "2 1 4", "")]
    [InlineData("Books.json.gz", Amazon2018, "", ",", "reviewerID asin unixReviewTime", "")]
    [InlineData("events.csv", "{milliseconds},{user},{event},{item},", "timestamp,visitorid,event,itemid,transactionid", ",", "visitorid itemid timestamp", "")]
    [InlineData("transactions_train.csv", "{day},00{user}58a1,066{item},0.0508{item},{rating}", "t_dat,customer_id,article_id,price,sales_channel_id",
        ",", "customer_id article_id t_dat", "")]
    [InlineData("yoochoose-clicks.dat", "{user},{day}T10:51:09.277Z,2145{item},0", "", ",", "1 3 2",
        FirstIsUser + "|Nothing but its place says that column 3 is the item.")]
    [InlineData("yoochoose-buys.dat", "{user},{day}T10:51:09.277Z,2145{item},1{rating}47,1", "", ",", "1 3 2",
        FirstIsUser + "|Nothing but its place says that column 3 is the item.")]
    [InlineData("usersha1-artmbid-artname-plays.tsv",
        "00000c289a1829a8{user}\t3bd73256-3905-4f3a-97e2-{item}\tname \"{item}\tx{item}\t21{item}", "", "\t", "1 2 ",
        FirstIsUser + "|Nothing but its place says that column 2 is the item.")]
    [InlineData("clicks.csv", "{day} 10:00:00;\"s;{user}\";{event};SKU-{item};1,50", "viewed_at;visitor;action;sku;price", ";", "visitor sku viewed_at", "")]
    [InlineData("log.jsonl", """{"user": {"id": "u{user}"}, "item": {"id": {item}}, "ts": "{day}T00:00:00Z"}""", "", ",", "user.id item.id ts", "")]
    public void EveryRowIsReadByWhatInitWrites(string file, string row, string header, string delimiter, string columns, string unsure)
    {
        LogConfiguration made = Made(Write(file, header, Lines(row)), out NcfSparkConfiguration read);
        Assert.Equal((delimiter, header.Length > 0 || file.Contains(".json", StringComparison.Ordinal), columns), (read.Input.Delimiter, read.Input.Header,
            $"{read.Input.UserColumn} {read.Input.ItemColumn} {read.Input.TimestampColumn}"));
        AssertEveryRow(read, Rows, users: 40, items: 60);
        string[] said = [.. made.Seen.Where(line => line.StartsWith("unsure   ", StringComparison.Ordinal)).Select(line => line[9..])];
        string[] expected = unsure.Split('|', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Length, said.Length);
        Assert.All(expected.Zip(said), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.All(said, line => Assert.Contains("Input:", line, StringComparison.Ordinal)); // the setting that chooses
    }

    [Fact]
    public void FoldersAndParquetAreReadWhole()
    {
        string[] lines = Lines("{user},{item},{seconds}");
        for (int part = 0; part < 3; part++) Write($"parts/{part}.csv", "user,item,ts", [.. lines.Where((_, row) => row % 3 == part)]);
        Write("parts/_SUCCESS", "", []);
        const string Log = "SELECT CAST(10 + r % 40 AS INT) AS customer, 'p' || CAST(10 + (r // 40 * 7 + r) % 60 AS STRING) AS product, "
            + "make_timestamp(1388534400000000 + r * 8641000000) AS at FROM range(600) AS t(r)";
        string parquet = Path.Combine(folder.Path, "pq[1]"); // a name that as a pattern would be another's
        engine.WriteParquet(Log, parquet);
        string other = Log.Replace("CAST(10 + r % 40 AS INT)", "CAST(10 + r % 40 AS BIGINT)", StringComparison.Ordinal);
        engine.WriteParquet(other, Path.Combine(folder.Path, "other"));
        foreach (string path in new[] { Path.Combine(folder.Path, "parts"), parquet, Directory.GetFiles(parquet)[0] })
        {
            LogConfiguration made = Made(path, out NcfSparkConfiguration read);
            Assert.DoesNotContain(made.Seen, line => line.StartsWith("unsure", StringComparison.Ordinal));
            AssertEveryRow(read, Rows, users: 40, items: 60);
        }

        File.Move(Directory.GetFiles(Path.Combine(folder.Path, "other"))[0], Path.Combine(parquet, "second.parquet"));
        Made(parquet, out NcfSparkConfiguration both);
        Assert.Equal(("customer", "product", "at"), (both.Input.UserColumn, both.Input.ItemColumn, both.Input.TimestampColumn));
        AssertEveryRow(both, 2 * Rows, users: 40, items: 60);
    }

    [Fact]
    public void FoldersThatAreTheTimesAreRead()
    {
        string[] lines = Lines("{user},{item}");
        for (int day = 1; day <= 5; day++) Write($"log/date=2024-01-0{day}/part.csv", "user_id,item_id", [.. lines.Where((_, row) => row % 5 == day - 1)]);
        LogConfiguration made = Made(Path.Combine(folder.Path, "log"), out NcfSparkConfiguration read);
        Assert.Equal("date", read.Input.TimestampColumn);
        Assert.Contains(made.Seen, line => line.Contains("2024-01-01 to 2024-01-05", StringComparison.Ordinal));
        AssertEveryRow(read, Rows, users: 40, items: 60);
    }

    /// <summary>Those of tests/data/cases that can be read as they stand.</summary>
    [Theory]
    [InlineData("amazon2018_jsongz/Books_5.json.gz", "reviewerID asin unixReviewTime")]
    [InlineData("book_crossing/BX-Book-Ratings.csv", "User-ID ISBN ")]
    [InlineData("decimal_comma/p.csv", "user_id item_id timestamp")]
    [InlineData("eol_lf_then_crlf/p.csv", "user_id item_id timestamp")]
    [InlineData("excel_serial_order/p.csv", "user_id item_id timestamp")]
    [InlineData("glob_name_other/ratings[1].csv", "user_id item_id timestamp")]
    [InlineData("gowalla/Gowalla_totalCheckins.txt", "1 5 2")]
    [InlineData("gz_upper/r.CSV.GZ", "user_id item_id timestamp")]
    [InlineData("hm_transactions/transactions_train.csv", "customer_id article_id t_dat")]
    [InlineData("lists_tsv/p.tsv", "user_id item_id timestamp")]
    [InlineData("night_flip/day1.csv", "user_id item_id timestamp")]
    [InlineData("plus_ids/p.csv", "user_id item_id timestamp")]
    [InlineData("pq_blob_ids/p.parquet", "user_id item_id timestamp")]
    [InlineData("pq_hive_date_time/log", "user_id item_id date")]
    [InlineData("pq_mixed_int_then_text/log", "user_id item_id timestamp")]
    [InlineData("pq_mixed_ts_tz/log", "user_id item_id timestamp")]
    [InlineData("quote_swallow2_realtab/l.tsv", "user_id artist timestamp")]
    [InlineData("retailrocket/events.csv", "visitorid itemid timestamp")]
    [InlineData("taobao/UserBehavior.csv", "1 2 5")]
    [InlineData("titles_float_ids/p.csv", "user_id item_id timestamp")]
    [InlineData("trim_lists/p.csv", "user_id item_id timestamp")]
    [InlineData("yoochoose/yoochoose-clicks.dat", "1 3 2")]
    public void TheCasesThatCanBeReadAreRead(string name, string columns)
    {
        string path = Repository.File($"tests/data/cases/{name}");
        Made(path, out NcfSparkConfiguration read);
        Assert.Equal(columns, $"{read.Input.UserColumn} {read.Input.ItemColumn} {read.Input.TimestampColumn}");
        SortedDictionary<string, long> rows = PreparedBy(read).Manifest.Rows;
        Assert.Equal(0, rows["bad_rows"]);
        if (File.Exists(path) && !name.EndsWith(".parquet", StringComparison.Ordinal))
        {
            Assert.Equal(LinesOf(path) - (read.Input.Header ? 1 : 0), rows["input_rows"]);
        }
    }

    private static long LinesOf(string path)
    {
        using Stream file = File.OpenRead(path);
        using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file);
        // JSON lines have no line of names; Input:Header says nothing of them.
        long lines = path.Contains(".json", StringComparison.Ordinal) ? 1 : 0;
        while (reader.ReadLine() is { } line) lines += line.Length > 0 ? 1 : 0;
        return lines;
    }

    private void AssertEveryRow(NcfSparkConfiguration configuration, long rows, long users, long items)
    {
        SortedDictionary<string, long> read = PreparedBy(configuration with { Prepare = configuration.Prepare with { Holdout = 0 } }).Manifest.Rows;
        Assert.Equal((rows, 0, users, items), (read["input_rows"], read["bad_rows"], read["users"], read["items"]));
    }

    private StageDirectory PreparedBy(NcfSparkConfiguration configuration)
    {
        var job = new JobContext(configuration, Path.Combine(folder.Path, $"run-{Guid.NewGuid():N}"), SilentProgress.Instance, TextWriter.Null,
            TimeProvider.System, CancellationToken.None);
        return new StagePipeline(job).Make(new PrepareStage(job));
    }

    private LogConfiguration Made(string path, out NcfSparkConfiguration read)
    {
        LogConfiguration made = LogConfiguration.For(path, engine, SilentProgress.Instance);
        read = ConfigurationLoader.Load(folder.Write("made.json", made.Text), [], new Hashtable());
        return made;
    }

    private string Write(string file, string header, string[] lines)
    {
        string text = string.Concat((header.Length == 0 ? lines : [header, .. lines]).Select(line => line + "\n"));
        if (!file.EndsWith(".gz", StringComparison.Ordinal)) return folder.Write(file, text);
        string path = Path.Combine(folder.Path, file);
        using var writer = new StreamWriter(new GZipStream(File.Create(path), CompressionMode.Compress));
        writer.Write(text);
        return path;
    }

    // Rows of 40 users and 60 items, no pair twice, over 60 days.
    private static string[] Lines(string row) =>
    [
        .. Enumerable.Range(0, Rows).Select(r => row
            .Replace("{user}", $"{10 + r % 40}", StringComparison.Ordinal)
            .Replace("{item}", $"{10 + (r / 40 * 7 + r) % 60}", StringComparison.Ordinal)
            .Replace("{rating}", $"{1 + r % 5}", StringComparison.Ordinal)
            .Replace("{event}", r % 10 == 0 ? "addtocart" : "view", StringComparison.Ordinal)
            .Replace("{seconds}", $"{1_388_534_400 + r * 8641}", StringComparison.Ordinal)
            .Replace("{milliseconds}", $"{1_388_534_400_123 + r * 8_641_000L}", StringComparison.Ordinal)
            .Replace("{day}", new DateTime(2014, 1, 1).AddDays(r / 10).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), StringComparison.Ordinal)),
    ];
}
