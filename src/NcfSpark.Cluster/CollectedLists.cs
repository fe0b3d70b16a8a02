using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// Writes lists that come back from Spark row by row (user_id, rank, item_id, score, source, and where there are named lists because, list,
/// propensity and what the list scored without promotion), in their order, as `score` without Spark writes its own.
/// </summary>
internal sealed class CollectedLists : IDisposable
{
    private const int RowsPerGroup = 80_000;

    private readonly TrainedModel model;
    private readonly ListFile[] files; // the recommendations, then each named list
    private readonly List<IReadOnlyList<object?>>[] groups;

    /// <param name="pathOf">Where the lists of a name are written; the recommendations for "".</param>
    public CollectedLists(TrainedModel model, IReadOnlyList<ListOptions> lists, Func<string, string> pathOf)
    {
        this.model = model;
        files = [new ListFile(pathOf(""), model.Users.IdType, model.Items, null),
            .. lists.Select(list => new ListFile(pathOf(list.Name), model.Users.IdType, model.Items, list))];
        groups = [.. files.Select(_ => new List<IReadOnlyList<object?>>())];
    }

    /// <summary>How many users have recommendations.</summary>
    public long Lists { get; private set; }

    /// <summary>How many users were scored, where there are named lists.</summary>
    public long Users { get; private set; }

    /// <summary>Rows of recommendations by source.</summary>
    public SortedDictionary<string, long> Rows { get; } = new(StringComparer.Ordinal);

    /// <summary>Of each named list what was written.</summary>
    public ListSums[] SumsOfLists => [.. files.Skip(1).Select(file => file.Sums)];

    public void Write(IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> parts)
    {
        foreach (IReadOnlyList<object?> row in parts.SelectMany(part => part))
        {
            if (row.Contains(null))
            {
                throw new InvalidDataException("A task of Spark wrote a row that Spark could not read. Nothing was published; run the same command again.");
            }

            int list = row.Count > 5 ? (int)(long)row[6]! : 0;
            if (list == RecommendationLines.NoList)
            {
                Users++;
                continue;
            }

            bool begins = (long)row[1]! == 1;
            if (begins && groups[list].Count >= RowsPerGroup) WriteGroup(list);
            groups[list].Add(row);
            if (list > 0) continue;
            if (begins) Lists++;
            Rows[(string)row[4]!] = Rows.GetValueOrDefault((string)row[4]!) + 1;
        }

        for (int list = 0; list < files.Length; list++) WriteGroup(list);
    }

    public void Dispose()
    {
        foreach (ListFile file in files) file.Dispose();
    }

    private void WriteGroup(int list)
    {
        List<IReadOnlyList<object?>> group = groups[list];
        Array users = model.Users.IsNumeric ? Column(0, value => (long)value) : Column(0, value => (string)value);
        files[list].Write(users, new RecommendationRows([], Column(1, value => (int)(long)value), Items(2), Column(3, value => (float)(double)value),
            Column(4, value => (string)value)) 
        {
            Because = list == 0 ? [] : Items(5),
            Propensities = list == 0 ? [] : Column(7, value => (float)(double)value),
            WithoutPromotion = list == 0 ? [] : Column(8, value => (double)value),
        });
        group.Clear();

        int[] Items(int column) => Column(column, value => model.Items.Find(value is long number ? $"{number}" : (string)value));

        T[] Column<T>(int column, Func<object, T> convert) => [.. group.Select(row => convert(row[column]!))];
    }
}
