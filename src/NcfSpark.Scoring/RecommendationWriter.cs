using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes users' lists as they stream by: user_id, rank (from 1), item_id, score, source, by user and rank. A row group is written while the next is
/// scored, so memory holds two of them. Users come in the order of their ids, so a group's statistics let a reader skip to a user.
/// </summary>
public sealed class RecommendationWriter : IDisposable
{
    private readonly ParquetFile file;
    private readonly IdTable items;
    private readonly ChosenUsers chosen;
    private readonly Recommender recommender;
    private Task writing = Task.CompletedTask;

    /// <param name="chosen">The users, for their ids.</param>
    public RecommendationWriter(string path, IdTable items, ChosenUsers chosen, Recommender recommender)
    {
        (this.items, this.chosen, this.recommender) = (items, chosen, recommender);
        file = ParquetFile.Create(path, ("user_id", chosen.IdType), ("rank", typeof(int)), ("item_id", items.IdType),
            ("score", typeof(float)), ("source", typeof(string)));
    }

    /// <summary>Rows by source, once <see cref="Finish"/> was called.</summary>
    public SortedDictionary<string, long> Rows { get; } = new(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };

    /// <summary>Writes the lists of some of the users, later ones than before.</summary>
    public void Write(ReadOnlyMemory<int> users, ExcludedItems seen, IProgressTask task, CancellationToken cancellation = default)
    {
        for (int start = 0; start < users.Length; start += recommender.UsersAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlyMemory<int> group = users.Slice(start, Math.Min(recommender.UsersAtOnce, users.Length - start));
            RecommendationRows rows = recommender.Recommend(group, seen, cancellation);
            Finish();
            writing = Task.Run(() => WriteGroup(rows), CancellationToken.None);
            task.Advance(group.Length);
        }
    }

    /// <summary>Waits until all is written.</summary>
    public void Finish() => writing.GetAwaiter().GetResult();

    public void Dispose()
    {
        Task.WaitAny([writing], CancellationToken.None); // whatever happened, nothing writes to a file that is closed
        file.Dispose();
    }

    private void WriteGroup(RecommendationRows rows)
    {
        foreach (string source in rows.Sources) Rows[source] = Rows.GetValueOrDefault(source) + 1;
        if (rows.Users.Length > 0) file.WriteGroup(chosen.IdsOf(rows.Users), rows.Ranks, items.IdsOf(rows.Items), rows.Scores, rows.Sources);
    }
}
