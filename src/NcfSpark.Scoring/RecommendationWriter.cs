using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes each user's K best items: user_id, rank (from 1), item_id, score, source, by user and rank. Users stream through: memory holds the
/// model, and the lists of two row groups (<see cref="RecommendationLists"/>).
/// </summary>
/// <param name="model">Ids and how often each was trained on.</param>
/// <param name="scorer">The model's scores.</param>
/// <param name="seen">For each user the items that are not recommended.</param>
/// <param name="options">K, and threads.</param>
public sealed class RecommendationWriter(TrainedModel model, IModelScorer scorer, InteractionLists seen, ScoreOptions options)
{
    private readonly RecommendationLists lists = new(model, scorer, options);

    /// <summary>Writes the file.</summary>
    /// <returns>Rows by source.</returns>
    public SortedDictionary<string, long> Write(string path, IProgressReporter progress, CancellationToken cancellation = default)
    {
        Type UserId = model.Users.IsNumeric ? typeof(long) : typeof(string), ItemId = model.Items.IsNumeric ? typeof(long) : typeof(string);
        using ParquetFile file = ParquetFile.Create(path, ("user_id", UserId), ("rank", typeof(int)), ("item_id", ItemId), ("score", typeof(float)), ("source", typeof(string)));
        using IProgressTask task = progress.Start("scoring", model.Users.Count, "users");
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };
        TopLists best = lists.NewLists(), written = lists.NewLists();
        Task writing = Task.CompletedTask; // a group is written while the next is scored
        try
        {
            for (int start = 0; start < model.Users.Count; start += lists.UsersAtOnce)
            {
                cancellation.ThrowIfCancellationRequested();
                int[] users = [.. Enumerable.Range(start, Math.Min(lists.UsersAtOnce, model.Users.Count - start))];
                int[] placeOf = lists.FindBest(users, Excluded, best, cancellation);
                writing.GetAwaiter().GetResult();
                (best, written) = (written, best);
                TopLists filled = written;
                writing = Task.Run(() => WriteGroup(file, lists.Rows(users, placeOf, filled), rows), CancellationToken.None);
                task.Advance(users.Length);
            }

            writing.GetAwaiter().GetResult();
        }
        finally
        {
            Task.WaitAny([writing], CancellationToken.None); // whatever happened, nothing writes to a file that is closed
        }

        return rows;
    }

    private ReadOnlySpan<int> Excluded(int user) => options.ExcludeSeen ? seen[user] : [];

    private void WriteGroup(ParquetFile file, RecommendationRows rows, SortedDictionary<string, long> rowsBySource)
    {
        foreach (string source in rows.Sources) rowsBySource[source] = rowsBySource.GetValueOrDefault(source) + 1;
        file.WriteGroup(IdsOf(model.Users, rows.Users), rows.Ranks, IdsOf(model.Items, rows.Items), rows.Scores, rows.Sources);
    }

    private static Array IdsOf(IdTable ids, int[] indexes) => ids.IsNumeric ? Array.ConvertAll(indexes, index => ids.Numbers[index]) : Array.ConvertAll(indexes, index => ids.Texts[index]);
}
