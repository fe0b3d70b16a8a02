using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Cluster;

/// <summary>
/// Writes lists that come back from Spark row by row (user_id, rank, item_id, score, source), in their order, as
/// `score` without Spark writes its own.
/// </summary>
internal static class CollectedLists
{
    private const int RowsPerGroup = 80_000;

    /// <returns>How many users have a list, and rows by source.</returns>
    public static (long Lists, SortedDictionary<string, long> Rows) Write(
        string path, TrainedModel model, IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> parts)
    {
        using ParquetFile file = ParquetFile.Create(path, ("user_id", model.Users.IdType), ("rank", typeof(int)), ("item_id", model.Items.IdType),
            ("score", typeof(float)), ("source", typeof(string)));
        var (lists, bySource, group) = (0L, new SortedDictionary<string, long>(StringComparer.Ordinal), new List<IReadOnlyList<object?>>(RowsPerGroup));
        foreach (IReadOnlyList<object?> row in parts.SelectMany(part => part))
        {
            if (row.Contains(null))
            {
                throw new InvalidDataException("A task of Spark wrote a row that Spark could not read. Nothing was published; run the same command again.");
            }

            bool begins = (long)row[1]! == 1;
            if (begins) lists++;
            if (begins && group.Count >= RowsPerGroup) WriteGroup();
            bySource[(string)row[4]!] = bySource.GetValueOrDefault((string)row[4]!) + 1;
            group.Add(row);
        }

        if (group.Count > 0) WriteGroup();
        return (lists, bySource);

        void WriteGroup()
        {
            file.WriteGroup(Ids(0, model.Users), Column(1, value => (int)(long)value), Ids(2, model.Items), Column(3, value => (float)(double)value),
                Column(4, value => (string)value));
            group.Clear();
        }

        Array Ids(int column, IdTable ids) => ids.IsNumeric ? Column(column, value => (long)value) : Column(column, value => (string)value);

        T[] Column<T>(int column, Func<object, T> convert) => [.. group.Select(row => convert(row[column]!))];
    }
}
