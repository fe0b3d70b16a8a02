using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes each user's K best items: user_id, rank (from 1), item_id, score, source, by user and rank. Users stream through: memory holds the
/// model, and the lists of two row groups. Users without training interactions are
/// scored by their history where the model has one, else get the popularity list, with the share of users who have the item as its score.
/// </summary>
/// <param name="model">Ids and how often each was trained on.</param>
/// <param name="scorer">The model's scores.</param>
/// <param name="seen">For each user the items that are not recommended.</param>
/// <param name="options">K, and threads.</param>
public sealed class RecommendationWriter(TrainedModel model, IModelScorer scorer, InteractionLists seen, ScoreOptions options)
{
    private const int UsersPerGroup = 8192;   // with K = 10 a row group of 80,000 rows: small enough to skip, large enough to compress
    private const int RowsPerGroup = 1 << 20; // where K is large

    /// <summary>Writes the file.</summary>
    /// <returns>Rows by source.</returns>
    public SortedDictionary<string, long> Write(string path, IProgressReporter progress, CancellationToken cancellation = default)
    {
        Type UserId = model.Users.IsNumeric ? typeof(long) : typeof(string), ItemId = model.Items.IsNumeric ? typeof(long) : typeof(string);
        using ParquetFile file = ParquetFile.Create(path, ("user_id", UserId), ("rank", typeof(int)), ("item_id", ItemId), ("score", typeof(float)), ("source", typeof(string)));
        using IProgressTask task = progress.Start("scoring", model.Users.Count, "users");
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };
        int k = Math.Clamp(options.TopK, 1, Math.Max(1, model.Items.Count)), usersAtOnce = Math.Clamp(RowsPerGroup / k, 1, UsersPerGroup);
        TopLists best = new(usersAtOnce, k), written = new(usersAtOnce, k);
        Task writing = Task.CompletedTask; // a group is written while the next is scored
        try
        {
            for (int start = 0; start < model.Users.Count; start += usersAtOnce)
            {
                cancellation.ThrowIfCancellationRequested();
                int first = start, count = Math.Min(usersAtOnce, model.Users.Count - start);
                int[] placeOf = FindBest(first, count, best, cancellation);
                writing.GetAwaiter().GetResult();
                (best, written) = (written, best);
                TopLists filled = written;
                writing = Task.Run(() => WriteGroup(file, first, placeOf, filled, rows), CancellationToken.None);
                task.Advance(count);
            }

            writing.GetAwaiter().GetResult();
        }
        finally
        {
            Task.WaitAny([writing], CancellationToken.None); // whatever happened, nothing writes to a file that is closed
        }

        return rows;
    }

    // Gives each user's place in the lists: first those whom the model scores, then the others.
    private int[] FindBest(int start, int count, TopLists best, CancellationToken cancellation)
    {
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        ILookup<bool, int> users = Enumerable.Range(start, count).ToLookup(user => Source.Of(model, user) != Source.Popularity);
        int[] scored = [.. users[true]], others = [.. users[false]], placeOf = new int[count];
        for (int place = 0; place < count; place++) placeOf[(place < scored.Length ? scored[place] : others[place - scored.Length]) - start] = place;
        scorer.FindBest(scored, Excluded, best, threads, cancellation);
        float[] popularity = others.Length == 0 ? [] : Array.ConvertAll(model.Items.Interactions, interactions => (float)interactions / model.Users.Count);
        Parallel.ForEach(others, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, user => best.Keep(placeOf[user - start], popularity, Excluded(user)));
        return placeOf;
    }

    private ReadOnlySpan<int> Excluded(int user) => options.ExcludeSeen ? seen[user] : [];

    private void WriteGroup(ParquetFile file, int start, int[] placeOf, TopLists best, SortedDictionary<string, long> rowsBySource)
    {
        int rows = placeOf.Sum(place => best.Items(place).Length), row = 0;
        int[] users = new int[rows], ranks = new int[rows], items = new int[rows];
        float[] scores = new float[rows];
        string[] sources = new string[rows];
        for (int u = 0; u < placeOf.Length; u++)
        {
            ReadOnlySpan<int> listed = best.Items(placeOf[u]);
            string source = Source.Of(model, start + u);
            rowsBySource[source] = rowsBySource.GetValueOrDefault(source) + listed.Length;
            listed.CopyTo(items.AsSpan(row));
            best.Scores(placeOf[u]).CopyTo(scores.AsSpan(row));
            for (int rank = 1; rank <= listed.Length; rank++, row++) (users[row], ranks[row], sources[row]) = (start + u, rank, source);
        }

        file.WriteGroup(IdsOf(model.Users, users), ranks, IdsOf(model.Items, items), scores, sources);
    }

    private static Array IdsOf(IdTable ids, int[] indexes) => ids.IsNumeric ? Array.ConvertAll(indexes, index => ids.Numbers[index]) : Array.ConvertAll(indexes, index => ids.Texts[index]);
}
