using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Nightly;

/// <summary>What the night in production recommends, as lines for a terminal: to a user, beside what they used last, and items like an item.</summary>
public sealed class ProductionLists : IDisposable
{
    private const int LatestShown = 10, SimilarShown = 10, TitleWidth = 50;

    private readonly string night;
    private readonly StageDirectory prepared;
    private readonly Lazy<Titles> titles;
    private readonly DuckDbEngine engine = new(new DuckDbOptions());

    private ProductionLists(string night)
    {
        (this.night, prepared) = (night, StageDirectory.Open(night, PreparedData.StageName, isRead: _ => false).Fetched());
        titles = new(() => Titles.ReadIfThere(prepared.Manifest.Configuration["Input"].Deserialize<InputOptions>()!));
    }

    /// <param name="runDirectory">A run directory with a night in production, or one in which the stages were made by hand.</param>
    /// <exception cref="InvalidInputException">There is no such directory, or nothing was recommended there yet.</exception>
    public static ProductionLists Open(string runDirectory)
    {
        if (!Directory.Exists(runDirectory)) throw new InvalidInputException($"{runDirectory} is not there: name a run directory by --run.");
        var nights = new RunNights(runDirectory);
        string night = nights.Production is { } name ? nights.PathOf(name) : runDirectory;
        if (!Directory.Exists(Path.Combine(night, Stage.Predictions)))
        {
            throw new InvalidInputException($"{runDirectory} has no recommendations yet: `nightly` makes them, and puts a night into production.");
        }

        return OfNight(night);
    }

    /// <summary>The lists of a night that is there, in production or not.</summary>
    /// <param name="night">Its directory.</param>
    public static ProductionLists OfNight(string night) => new(night);

    /// <summary>A user's latest items, and their list.</summary>
    /// <exception cref="InvalidInputException">Nothing is known of such a user.</exception>
    public IEnumerable<string> OfUser(string user)
    {
        IReadOnlyList<(int Rank, string Item, double Score, string Source)> list = ListOf(user);
        IReadOnlyList<(string Item, long When)> used = Used(user);
        if (list.Count == 0 && used.Count == 0)
        {
            var examples = engine.Query("SELECT DISTINCT CAST(user_id AS VARCHAR) AS u FROM lists ORDER BY u LIMIT 3").Select(row => $"{row[0]}");
            throw new InvalidInputException($"{night} knows no user {ShownText.Of(user)}; users look like {string.Join(", ", examples)}.");
        }

        yield return $"User {ShownText.Of(user)}: {used.Count:N0} items were used, the latest first";
        foreach ((string item, long when) in used.Take(LatestShown)) yield return $"  {Day(when)}  {Named(item)}";
        if (used.Count > LatestShown) yield return $"  and {used.Count - LatestShown:N0} before them";
        yield return "";
        yield return list.Count == 0 ? "Nothing is recommended: the lists were made for other users (Score:UsersPath, Score:Since)." : "Recommended";
        foreach ((int rank, string item, double score, string source) in list)
        {
            yield return $"  {rank,3}  {Named(item),-TitleWidth}  {score:F4}{(source == "model" ? "" : $"  by {source}")}";
        }
    }

    /// <summary>The model that a night serves: the baseline or the refitted one where there is one.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public static TrainedModel ModelOf(string night)
    {
        string stage = Stage.OfServedModel.FirstOrDefault(one => Directory.Exists(Path.Combine(night, one)))
            ?? throw new InvalidInputException($"{night} has no model: name another run directory by --run, or make one there first "
                + $"(`{Advice.Command("help", "nightly")}`).");
        return TrainedModel.Read(StageDirectory.Open(night, stage));
    }

    /// <summary>The items most similar to one, by the cosine of what the model has learned of them.</summary>
    /// <exception cref="InvalidInputException">The model does not know the item.</exception>
    public IEnumerable<string> LikeItem(string item)
    {
        TrainedModel trained = ModelOf(night);
        int index = trained.Items.Find(item);
        if (index < 0)
        {
            IEnumerable<string> examples = Enumerable.Range(0, Math.Min(3, trained.Items.Count)).Select(trained.Items.TextOf);
            throw new InvalidInputException($"{night} knows no item {ShownText.Of(item)}; items look like {string.Join(", ", examples)}.");
        }

        int[] among = [.. Enumerable.Range(0, trained.Items.Count).Where(other => trained.Items.Interactions[other] > 0)];
        using var embeddings = new ItemEmbeddings(trained.Weights, among, SimdLevels.FromEnvironment());
        var best = new TopLists(1, Math.Clamp(SimilarShown, 1, Math.Max(1, among.Length)));
        embeddings.FindBest(new[] { index }, best, threads: 1);
        yield return $"Item {Named(item)}: used {trained.Items.Interactions[index]:N0} times. The most similar items";
        for (int place = 0; place < best.Items(0).Length; place++)
        {
            yield return $"  {place + 1,3}  {Named(trained.Items.TextOf(best.Items(0)[place])),-TitleWidth}  {best.Scores(0)[place]:F4}";
        }
    }

    public void Dispose() => engine.Dispose();

    /// <summary>What a user used, those held out too, the latest first. Times are Unix seconds; 0 where the log has none.</summary>
    public IReadOnlyList<(string Item, long When)> Used(string user)
    {
        ViewUsed(engine, prepared);
        return
        [
            .. engine.Query($"SELECT i, timestamp FROM used WHERE u = {engine.Dialect.Literal(user)} ORDER BY timestamp DESC, item_index")
                .Select(row => ((string)row[0]!, (long)row[1]!)),
        ];
    }

    /// <summary>The list that was written for a user; empty where there is none.</summary>
    public IReadOnlyList<(int Rank, string Item, double Score, string Source)> ListOf(string user)
    {
        View(engine, "lists", StageDirectory.Open(night, Stage.Predictions, isRead: _ => false).Fetched("recommendations").File("recommendations"));
        return
        [
            .. engine.Query("SELECT rank, CAST(item_id AS VARCHAR), score, source FROM lists "
                    + $"WHERE CAST(user_id AS VARCHAR) = {engine.Dialect.Literal(user)} ORDER BY rank")
                .Select(row => (Convert.ToInt32(row[0]), $"{row[1]}", Convert.ToDouble(row[2]), $"{row[3]}")),
        ];
    }

    /// <summary>Makes the view `used` of all interactions, those held out too: u and i (ids as text), item_index, timestamp.</summary>
    internal static void ViewUsed(ISqlEngine engine, StageDirectory prepared)
    {
        string[] parts = [.. new[] { "train", "validation", "test" }.Where(part => Directory.Exists(prepared.File(part)))];
        foreach (string part in parts.Concat(["users", "items"])) View(engine, part, prepared.File(part));
        string rows = string.Join(
            " UNION ALL ", parts.Select(part => $"SELECT user_index, item_index, timestamp FROM {part}{(part == "train" ? " WHERE label = 1" : "")}"));
        engine.Execute($"""
            CREATE TEMP VIEW used AS SELECT CAST(user_id AS VARCHAR) AS u, CAST(item_id AS VARCHAR) AS i, item_index, r.timestamp
            FROM ({rows}) r JOIN users USING (user_index) JOIN items USING (item_index)
            """);
    }

    /// <summary>Makes a view of all Parquet files below a directory.</summary>
    internal static void View(ISqlEngine engine, string name, string directory) =>
        engine.ReadParquet(name, [.. Directory.GetFiles(directory, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]);

    private string Named(string item) => titles.Value.ByItemId.TryGetValue(item, out string? title)
        ? $"{ShownText.Of(title, TitleWidth - 12)} ({ShownText.Of(item, 30)})"
        : ShownText.Of(item);

    private static string Day(long seconds) => seconds == 0 ? "no time   " : $"{DateTime.UnixEpoch.AddSeconds(seconds):yyyy-MM-dd}";
}
