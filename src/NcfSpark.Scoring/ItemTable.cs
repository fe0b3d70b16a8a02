using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>The items table, row by row.</summary>
/// <param name="Path">Its file, for messages.</param>
/// <param name="Ids">Items' ids.</param>
/// <param name="Groups">Their groups, "" where there is none; null where groups are not asked for.</param>
/// <param name="Dates">Their dates as seconds since 1970, or null for none; null where dates are not asked for.</param>
public sealed record ItemTable(string Path, string[] Ids, string[]? Groups, long?[]? Dates)
{
    /// <summary>Columns that named lists look at, by name.</summary>
    public IReadOnlyDictionary<string, string[]> Columns { get; init; } = new Dictionary<string, string[]>();

    /// <summary>A value for each item of the model; <paramref name="missing"/> where the table has none.</summary>
    /// <exception cref="InvalidInputException">The table says two different things of an item.</exception>
    internal T[] ByItem<T>(IdTable items, T[] values, T missing, string what)
    {
        var result = new T[items.Count];
        bool[] found = new bool[items.Count];
        Array.Fill(result, missing);
        for (int row = 0; row < Ids.Length; row++)
        {
            int item = items.Find(Ids[row]);
            if (item < 0) continue;
            if (found[item] && !Equals(result[item], values[row]))
            {
                throw new InvalidInputException(
                    $"{Path}: the item {ShownText.Of(Ids[row])} stands there twice, with two different {what}. Keep one of its rows.");
            }

            (result[item], found[item]) = (values[row], true);
        }

        return result;
    }
}
