using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>
/// A file of lists that is being written, by user and rank: user_id, rank (from 1), item_id, score, source, and of a list "because" because, the id of the
/// item to which a row's is similar.
/// </summary>
public sealed class ListFile : IDisposable
{
    private readonly ParquetFile file;
    private readonly IdTable items;
    private readonly bool because;

    /// <param name="because">Whether it is a list "because".</param>
    public ListFile(string path, Type userId, IdTable items, bool because)
    {
        (this.items, this.because) = (items, because);
        (string, Type)[] columns =
            [("user_id", userId), ("rank", typeof(int)), ("item_id", items.IdType), ("score", typeof(float)), ("source", typeof(string))];
        file = ParquetFile.Create(path, because ? [.. columns, ("because", items.IdType)] : columns);
    }

    /// <summary>Writes a row group; nothing where there are no rows.</summary>
    /// <param name="userIds">Of each row, long or string.</param>
    public void Write(Array userIds, RecommendationRows rows)
    {
        if (userIds.Length == 0) return;
        Array[] columns = [userIds, rows.Ranks, items.IdsOf(rows.Items), rows.Scores, rows.Sources];
        file.WriteGroup(because ? [.. columns, items.IdsOf(rows.Because)] : columns);
    }

    public void Dispose() => file.Dispose();
}
