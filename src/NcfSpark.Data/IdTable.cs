namespace NcfSpark.Data;

/// <summary>
/// What the users' or the items' directory holds: external ids by dense index (0 … Count - 1), in the type that the input has, BIGINT or
/// STRING, and how many training interactions each has.
/// </summary>
public sealed class IdTable
{
    private readonly long[]? numbers;
    private readonly string[]? texts;
    private readonly Lazy<Func<string, int>> find;

    public IdTable(long[] ids, int[] interactions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(interactions.Length, ids.Length);
        (numbers, Interactions, find) = (ids, interactions, new(FindNumber));
    }

    public IdTable(string[] ids, int[] interactions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(interactions.Length, ids.Length);
        (texts, Interactions, find) = (ids, interactions, new(FindText));
    }

    public int Count => Interactions.Length;

    /// <summary>Training interactions (positives) by index.</summary>
    public int[] Interactions { get; }

    /// <summary>Whether ids are numbers (BIGINT); else they are strings.</summary>
    public bool IsNumeric => numbers is not null;

    /// <summary>Ids by index, where they are numbers.</summary>
    public long[] Numbers => numbers ?? throw new InvalidOperationException("These ids are strings.");

    /// <summary>Ids by index, where they are strings.</summary>
    public string[] Texts => texts ?? throw new InvalidOperationException("These ids are numbers.");

    /// <summary>The ids of some indexes: an array of long, or of string.</summary>
    public Array IdsOf(int[] indexes) => numbers is null ? Array.ConvertAll(indexes, index => Texts[index]) : Array.ConvertAll(indexes, index => numbers[index]);

    public string TextOf(int index) => texts is null ? Numbers[index].ToString() : texts[index];

    /// <summary>The dense index of an id given as text, such as "42"; -1 where it is not here. Safe to call from several threads.</summary>
    public int Find(string id) => find.Value(id);

    // Users stand in the order of their ids, so the table itself is searched: nothing beside it is held in memory.
    private Func<string, int> FindNumber()
    {
        long[] ids = Numbers;
        if (IsRising(ids, Comparer<long>.Default)) return id => long.TryParse(id, out long number) ? Math.Max(-1, Array.BinarySearch(ids, number)) : -1;
        var indexes = new Dictionary<long, int>(ids.Length);
        for (int index = 0; index < ids.Length; index++) indexes.Add(ids[index], index);
        return id => long.TryParse(id, out long number) ? indexes.GetValueOrDefault(number, -1) : -1;
    }

    private Func<string, int> FindText()
    {
        if (IsRising(Texts, StringComparer.Ordinal)) return id => Math.Max(-1, Array.BinarySearch(Texts, id, StringComparer.Ordinal));
        Dictionary<string, int> indexes = IndexByText();
        return id => indexes.GetValueOrDefault(id, -1);
    }

    private static bool IsRising<T>(T[] ids, IComparer<T> order)
    {
        for (int index = 1; index < ids.Length; index++)
        {
            if (order.Compare(ids[index - 1], ids[index]) >= 0) return false;
        }

        return true;
    }

    /// <summary>Dense index by the id's text, such as "42".</summary>
    public Dictionary<string, int> IndexByText()
    {
        var result = new Dictionary<string, int>(Count, StringComparer.Ordinal);
        for (int index = 0; index < Count; index++) result.Add(TextOf(index), index);
        return result;
    }
}
