using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>
/// NIGHT/lists/: what the search of the report finds, as scripts, because a page of the file system may load nothing else. index.js has the first user of
/// each file; 0.js, 1.js, … have 500 users each, in the order of their ids' UTF-8 bytes: their latest items and their list. report.js reads them, and
/// says how they are laid out.
/// </summary>
internal static class UserLists
{
    public const string DirectoryName = "lists";

    private const int UsersInAFile = 500, LatestShown = 20, MostRecommended = 50;
    private const string Temporary = $"{DirectoryName}.tmp", Old = $"{DirectoryName}.old";

    /// <summary>Writes them, if the night has predictions and they are not there already, made from the same.</summary>
    public static void Write(JobContext job, string night)
    {
        if (!Directory.Exists(Path.Combine(night, Stage.Predictions))) return;
        int most = job.Configuration.Evaluate.ExampleUsers == 0 ? 0 : job.Configuration.Nightly.SearchableUsers; // a report that names no users has no search
        StageDirectory prepared = StageDirectory.Open(night, PreparedData.StageName, isRead: _ => false).Fetched();
        StageDirectory predictions = StageDirectory.Open(night, Stage.Predictions, isRead: _ => false).Fetched("recommendations");
        IReadOnlyDictionary<string, string> titles = Titles.Read(job.Configuration.Input).ByItemId;
        string madeFrom = HashOf([prepared.ManifestSha256, predictions.ManifestSha256, $"{most}"], titles);
        string final = Path.Combine(night, DirectoryName), index = Path.Combine(final, "index.js");
        if (File.Exists(index) && File.ReadAllText(index).Contains(madeFrom, StringComparison.Ordinal)) return;

        (string temporary, string old) = (Path.Combine(night, Temporary), Path.Combine(night, Old));
        foreach (string left in new[] { temporary, old }) Leftovers.TryDelete(left);
        if (most > 0) WriteFiles(job, temporary, prepared, predictions, titles, most, madeFrom);
        if (Directory.Exists(final)) StageDirectory.Rename(final, old);
        if (Directory.Exists(temporary)) StageDirectory.Rename(temporary, final);
        Leftovers.TryDelete(old);
        RunStore.Of(night)?.Save(final);
    }

    private static void WriteFiles(
        JobContext job, string directory, StageDirectory prepared, StageDirectory predictions, IReadOnlyDictionary<string, string> titles, int most,
        string madeFrom)
    {
        Directory.CreateDirectory(directory);
        using var engine = new DuckDbEngine(
            new DuckDbOptions
            {
                Threads = job.Configuration.Prepare.Threads,
                MemoryLimit = job.Configuration.Prepare.MemoryLimit,
                SpillDirectory = Path.Combine(directory, "spill"),
            },
            job.Cancellation);
        ProductionLists.ViewUsed(engine, prepared);
        ProductionLists.View(engine, "lists", predictions.File("recommendations"));
        engine.Materialize("people", """
            SELECT u, CAST(row_number() OVER (ORDER BY u) - 1 AS INTEGER) AS n
            FROM (SELECT DISTINCT CAST(user_id AS VARCHAR) AS u FROM (SELECT user_id FROM users UNION ALL SELECT user_id FROM lists))
            """);
        long count = (long)engine.Query("SELECT count(*) FROM people")[0][0]!;
        if (count > most)
        {
            WriteFile(directory, "index", new
            {
                made_from = madeFrom,
                users = count,
                note = $"{count:N0} users are more than this page can search ({most:N0}, Nightly:SearchableUsers). "
                    + $"{Advice.Command("show", "USER")} prints any of them.",
            });
            return;
        }

        engine.Materialize("past", $"""
            SELECT * FROM (SELECT n, i, timestamp, row_number() OVER (PARTITION BY n ORDER BY timestamp DESC, item_index) AS place,
                count(*) OVER (PARTITION BY n) AS total FROM used JOIN people USING (u)) WHERE place <= {LatestShown} ORDER BY n
            """);
        engine.Materialize("best", $"""
            SELECT n, rank, CAST(item_id AS VARCHAR) AS i, score, source FROM lists JOIN people ON CAST(user_id AS VARCHAR) = u
            WHERE rank <= {MostRecommended} ORDER BY n
            """);
        var first = new List<string>();
        using IProgressTask progress = job.Progress.Start("lists for the report's search", count, "users");
        for (int from = 0; from < count; from += UsersInAFile)
        {
            string these = $"n >= {from} AND n < {from + UsersInAFile}";
            string[] users = [.. engine.Query($"SELECT u FROM people WHERE {these} ORDER BY n").Select(row => (string)row[0]!)];
            var past = engine.Query($"SELECT n, i, timestamp, total FROM past WHERE {these} ORDER BY n, place").ToLookup(row => (long)row[0]!);
            var best = engine.Query($"SELECT n, i, score, source FROM best WHERE {these} ORDER BY n, rank").ToLookup(row => (long)row[0]!);
            var items = new Dictionary<string, int>(StringComparer.Ordinal);
            WriteFile(directory, $"{first.Count}", new
            {
                users = users.Select((user, place) => new object[]
                {
                    user,
                    past[from + place].Select(row => row[3]).FirstOrDefault() ?? 0,
                    past[from + place].Select(row => new object[] { PlaceOf(row[1]), DayOf((long)row[2]!) }).ToArray(),
                    best[from + place].Select(row => new object?[] { PlaceOf(row[1]), Math.Round(Convert.ToDouble(row[2]), 4), row[3] }).ToArray(),
                }).ToArray(),
                items = items.OrderBy(item => item.Value).Select(item => // after the users, who number them
                    titles.TryGetValue(item.Key, out string? title) ? new[] { item.Key, title } : [item.Key]),
            });
            first.Add(users[0]);
            progress.Advance(users.Length);

            int PlaceOf(object? item)
            {
                items.TryAdd((string)item!, items.Count);
                return items[(string)item!];
            }
        }

        WriteFile(directory, "index", new { made_from = madeFrom, users = count, first });
    }

    // A log without times has 0 for all.
    private static string DayOf(long seconds) => seconds == 0 ? "" : ReportPage.Day(seconds);

    // The serializer's own encoder escapes "<", quotes and all that is not ASCII, so that no id ends the script.
    private static void WriteFile(string directory, string name, object content) =>
        File.WriteAllText(Path.Combine(directory, $"{name}.js"), $"ncfsparkLists(\"{name}\",{JsonSerializer.Serialize(content)});\n");

    private static string HashOf(string[] parts, IReadOnlyDictionary<string, string> titles)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IEnumerable<KeyValuePair<string, string>> ordered = titles.OrderBy(title => title.Key, StringComparer.Ordinal);
        foreach (string part in parts.Concat(ordered.SelectMany(title => new[] { title.Key, title.Value })))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{part.Length}:{part}"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }
}
