using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>
/// A file of lists that is being written, by user and rank: user_id, rank (from 1), item_id, score, source, and of a list "because" because, the id of the
/// item to which a row's is similar, and of a list with places that are drawn propensity.
/// </summary>
public sealed class ListFile : IDisposable
{
    private readonly ParquetFile file;
    private readonly IdTable items;
    private readonly bool because, propensity;

    /// <param name="list">The named list; null for the recommendations.</param>
    public ListFile(string path, Type userId, IdTable items, ListOptions? list)
    {
        (this.items, because, propensity) = (items, list?.By == ListKind.Because, list?.Explore > 0);
        (string, Type)[] columns =
            [("user_id", userId), ("rank", typeof(int)), ("item_id", items.IdType), ("score", typeof(float)), ("source", typeof(string))];
        file = ParquetFile.Create(path, 
            [.. columns, .. because ? [("because", items.IdType)] : None, .. propensity ? [("propensity", typeof(float))] : None]);
    }

    /// <summary>What was written.</summary>
    public ListSums Sums { get; private set; } = new(0, 0, 0);

    private static (string, Type)[] None => [];

    /// <summary>Writes a row group; nothing where there are no rows.</summary>
    /// <param name="userIds">Of each row, long or string.</param>
    public void Write(Array userIds, RecommendationRows rows)
    {
        if (userIds.Length == 0) return;
        Array[] columns = [userIds, rows.Ranks, items.IdsOf(rows.Items), rows.Scores, rows.Sources];
        if (because) columns = [.. columns, items.IdsOf(rows.Because)];
        file.WriteGroup(propensity ? [.. columns, rows.Propensities] : columns);
        Sums += new ListSums(userIds.Length, rows.Scores.Sum(score => (double)score), rows.WithoutPromotion.Sum());
    }

    public void Dispose() => file.Dispose();
}

/// <summary>Of all of a list's rows the number, the sum of their scores, and what it were without <see cref="ListOptions.Promote"/>.</summary>
public sealed record ListSums(long Rows, double Score, double WithoutPromotion)
{
    public static ListSums operator +(ListSums a, ListSums b) => new(a.Rows + b.Rows, a.Score + b.Score, a.WithoutPromotion + b.WithoutPromotion);
}
