using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes users' lists as they stream by: user_id, rank (from 1), item_id, score, source, by user and rank. A row group is written while the next is
/// scored, so memory holds two of them. Users come in the order of their ids, so a group's statistics let a reader skip to a user.
/// </summary>
public sealed class RecommendationWriter : IDisposable
{
    private readonly ListFile[] files; // the recommendations, then each named list
    private readonly ChosenUsers chosen;
    private readonly Recommender recommender;
    private Task writing = Task.CompletedTask;

    /// <param name="chosen">The users, for their ids.</param>
    /// <param name="pathOfList">Where the lists of a name are written; null where there are none.</param>
    public RecommendationWriter(string path, IdTable items, ChosenUsers chosen, Recommender recommender, Func<string, string>? pathOfList = null)
    {
        (this.chosen, this.recommender) = (chosen, recommender);
        files = [new ListFile(path, chosen.IdType, items, null),
            .. recommender.Lists.Select(list => new ListFile(pathOfList!(list.Name), chosen.IdType, items, list))];
    }

    /// <summary>Of each named list what was written, once <see cref="Finish"/> was called.</summary>
    public ListSums[] SumsOfLists => [.. files.Skip(1).Select(file => file.Sums)];

    /// <summary>Rows by source, once <see cref="Finish"/> was called.</summary>
    public SortedDictionary<string, long> Rows { get; } = new(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };

    /// <summary>Writes the lists of some of the users, later ones than before.</summary>
    public void Write(ReadOnlyMemory<int> users, UserPast past, IProgressTask task, CancellationToken cancellation = default)
    {
        for (int start = 0; start < users.Length; start += recommender.UsersAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlyMemory<int> group = users.Slice(start, Math.Min(recommender.UsersAtOnce, users.Length - start));
            RecommendationRows rows = recommender.Recommend(group, past, cancellation);
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
        foreach (ListFile file in files) file.Dispose();
    }

    private void WriteGroup(RecommendationRows rows)
    {
        foreach (string source in rows.Sources) Rows[source] = Rows.GetValueOrDefault(source) + 1;
        files[0].Write(chosen.IdsOf(rows.Users), rows);
        for (int list = 0; list < rows.Named.Count; list++)
        {
            files[list + 1].Write(chosen.IdsOf(rows.Named[list].Users), rows.Named[list]);
        }
    }
}
