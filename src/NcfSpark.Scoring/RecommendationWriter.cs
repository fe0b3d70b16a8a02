using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes each user's K best items: user_id, rank (from 1), item_id, score, source, by user and rank. Users stream through: memory holds the
/// model, the users of one row group, and a row of scores for each thread. Users without training interactions are
/// scored by their history where the model has one, else get the popularity list, with the share of users who have the item as its score.
/// </summary>
/// <param name="model">Ids and how often each was trained on.</param>
/// <param name="scorer">The model's scores.</param>
/// <param name="seen">For each user the items that are not recommended.</param>
/// <param name="options">K, and threads.</param>
public sealed class RecommendationWriter(TrainedModel model, IScorer scorer, InteractionLists seen, ScoreOptions options)
{
    private const int UsersPerGroup = 8192; // with K = 10 a row group of 80,000 rows: small enough to skip, large enough to compress

    /// <summary>Writes the file.</summary>
    /// <returns>Rows by source.</returns>
    public SortedDictionary<string, long> Write(string path, IProgressReporter progress, CancellationToken cancellation = default)
    {
        Type UserId = model.Users.IsNumeric ? typeof(long) : typeof(string), ItemId = model.Items.IsNumeric ? typeof(long) : typeof(string);
        using ParquetFile file = ParquetFile.Create(path, ("user_id", UserId), ("rank", typeof(int)), ("item_id", ItemId), ("score", typeof(float)), ("source", typeof(string)));
        using IProgressTask task = progress.Start("scoring", model.Users.Count, "users");
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };
        for (int start = 0; start < model.Users.Count; start += UsersPerGroup)
        {
            cancellation.ThrowIfCancellationRequested();
            (float Score, int Item)[][] best = BestOfUsers(start, Math.Min(UsersPerGroup, model.Users.Count - start), task);
            WriteGroup(file, start, best, rows);
        }

        return rows;
    }

    private (float Score, int Item)[][] BestOfUsers(int start, int count, IProgressTask task)
    {
        var best = new (float, int)[count][];
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => (Scores: new float[model.Items.Count], TopK: new TopK(options.TopK)), (u, _, buffers) =>
        {
            int user = start + u;
            if (Source.Of(model, user) == Source.Popularity) Popularity(buffers.Scores);
            else scorer.ScoreAll([user], buffers.Scores);
            best[u] = BestOf(buffers.Scores, options.ExcludeSeen ? seen[user] : [], buffers.TopK);
            task.Advance(1);
            return buffers;
        }, _ => { });
        return best;
    }

    private static (float Score, int Item)[] BestOf(ReadOnlySpan<float> scores, ReadOnlySpan<int> sortedSeen, TopK topK)
    {
        int nextSeen = 0;
        for (int item = 0; item < scores.Length; item++)
        {
            if (nextSeen < sortedSeen.Length && sortedSeen[nextSeen] == item) nextSeen++;
            else topK.Offer(scores[item], item);
        }

        return topK.Take().ToArray();
    }

    private void WriteGroup(ParquetFile file, int start, (float Score, int Item)[][] best, SortedDictionary<string, long> rowsBySource)
    {
        int rows = best.Sum(items => items.Length), row = 0;
        int[] users = new int[rows], ranks = new int[rows], items = new int[rows];
        float[] scores = new float[rows];
        string[] sources = new string[rows];
        for (int u = 0; u < best.Length; u++)
        {
            string source = Source.Of(model, start + u);
            rowsBySource[source] = rowsBySource.GetValueOrDefault(source) + best[u].Length;
            for (int rank = 1; rank <= best[u].Length; rank++, row++)
            {
                (users[row], ranks[row], items[row], scores[row], sources[row]) = (start + u, rank, best[u][rank - 1].Item, best[u][rank - 1].Score, source);
            }
        }

        file.WriteGroup(IdsOf(model.Users, users), ranks, IdsOf(model.Items, items), scores, sources);
    }

    private void Popularity(Span<float> scores)
    {
        for (int item = 0; item < scores.Length; item++) scores[item] = (float)model.Items.Interactions[item] / model.Users.Count;
    }

    private static Array IdsOf(IdTable ids, int[] indexes) => ids.IsNumeric ? Array.ConvertAll(indexes, index => ids.Numbers[index]) : Array.ConvertAll(indexes, index => ids.Texts[index]);
}
