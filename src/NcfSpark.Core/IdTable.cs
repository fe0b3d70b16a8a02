using System.Globalization;

namespace NcfSpark.Core;

/// <summary>
/// What the users' or the items' directory holds: external ids by dense index (0 … Count - 1), in the type that the input has, BIGINT or
/// STRING, and how many training interactions each has.
/// </summary>
public sealed class IdTable
{
    private readonly long[]? numbers;
    private readonly string[]? texts;
    private readonly Lazy<Func<long, int>> findNumber;
    private readonly Lazy<Func<string, int>> findText;

    /// <param name="popularity">What the interactions of each weigh; null: their number.</param>
    public IdTable(long[] ids, int[] interactions, float[]? popularity = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(interactions.Length, ids.Length);
        Weights = popularity;
        (numbers, Interactions, findNumber, findText) =
            (ids, interactions, new(FindNumber), new(() => id => WholeNumber.TryRead(id, out long number) ? Find(number) : -1));
    }

    /// <param name="popularity">What the interactions of each weigh; null: their number.</param>
    public IdTable(string[] ids, int[] interactions, float[]? popularity = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(interactions.Length, ids.Length);
        Weights = popularity;
        (texts, Interactions, findNumber, findText) = (ids, interactions, new(() => id => Find(id.ToString())), new(FindText));
    }

    public int Count => Interactions.Length;

    /// <summary>Training interactions (positives) by index.</summary>
    public int[] Interactions { get; }

    /// <summary>What the training interactions of each weigh together; null where all weigh the same.</summary>
    public float[]? Weights { get; }

    /// <summary>How popular an item is: what its training interactions weigh, or their number where all weigh the same.</summary>
    public float PopularityOf(int index) => Weights is null ? Interactions[index] : Weights[index];

    /// <summary>Whether ids are numbers (BIGINT); else they are strings.</summary>
    public bool IsNumeric => numbers is not null;

    /// <summary>The type of an id: long or string.</summary>
    public Type IdType => IsNumeric ? typeof(long) : typeof(string);

    /// <summary>Ids by index, where they are numbers.</summary>
    public long[] Numbers => numbers ?? throw new InvalidOperationException("These ids are strings.");

    /// <summary>Ids by index, where they are strings.</summary>
    public string[] Texts => texts ?? throw new InvalidOperationException("These ids are numbers.");

    /// <summary>The ids of some indexes: an array of long, or of string.</summary>
    public Array IdsOf(int[] indexes) =>
        numbers is null ? Array.ConvertAll(indexes, index => Texts[index]) : Array.ConvertAll(indexes, index => numbers[index]);

    public string TextOf(int index) => texts is null ? Numbers[index].ToString() : texts[index];

    /// <summary>The same ids with the counts of these interactions alone, each given by its index.</summary>
    public IdTable WithInteractions(ReadOnlySpan<int> indexes) => Counted(new int[Count], indexes, null);

    /// <summary>The same ids with these interactions counted too.</summary>
    /// <param name="added">What they weigh; null where all weigh the same.</param>
    public IdTable WithMoreInteractions(ReadOnlySpan<int> indexes, float[]? added = null)
    {
        float[]? weights = Weights?.ToArray();
        for (int row = 0; weights is not null && row < indexes.Length; row++) weights[indexes[row]] += added?[row] ?? 1;
        return Counted([.. Interactions], indexes, weights);
    }

    /// <summary>For each of these ids its index in another table; -1 where that does not have it. Numbers and texts are compared as texts.</summary>
    public int[] IndexesIn(IdTable other)
    {
        if (!IsNumeric || !other.IsNumeric)
        {
            Dictionary<string, int> byText = other.IndexByText();
            return [.. Enumerable.Range(0, Count).Select(index => byText.GetValueOrDefault(TextOf(index), -1))];
        }

        var byNumber = new Dictionary<long, int>(other.Count);
        for (int index = 0; index < other.Count; index++) byNumber.Add(other.Numbers[index], index);
        return Array.ConvertAll(Numbers, id => byNumber.GetValueOrDefault(id, -1));
    }

    /// <summary>
    /// The dense index of an id given as text, such as "42"; -1 where it is not here. Where the ids are numbers, "042"
    /// is none of them (<see cref="WholeNumber"/>). Safe to call from several threads.
    /// </summary>
    public int Find(string id) => findText.Value(id);

    /// <summary>The same for an id that is a number.</summary>
    public int Find(long id) => findNumber.Value(id);

    // Users stand in the order of their ids, so the table itself is searched: nothing beside it is held in memory.
    private Func<long, int> FindNumber()
    {
        long[] ids = Numbers;
        if (IsRising(ids, Comparer<long>.Default)) return id => Math.Max(-1, Array.BinarySearch(ids, id));
        var indexes = new Dictionary<long, int>(ids.Length);
        for (int index = 0; index < ids.Length; index++) indexes.Add(ids[index], index);
        return id => indexes.GetValueOrDefault(id, -1);
    }

    private Func<string, int> FindText()
    {
        if (IsRising(Texts, StringComparer.Ordinal)) return id => Math.Max(-1, Array.BinarySearch(Texts, id, StringComparer.Ordinal));
        Dictionary<string, int> indexes = IndexByText();
        return id => indexes.GetValueOrDefault(id, -1);
    }

    private IdTable Counted(int[] counts, ReadOnlySpan<int> indexes, float[]? weights)
    {
        foreach (int index in indexes) counts[index]++;
        return numbers is null ? new IdTable(Texts, counts, weights) : new IdTable(numbers, counts, weights);
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

/// <summary>
/// Which texts are ids that are whole numbers: those that read back as they stand, within 64 bits. Examples: "7", "-7",
/// "0"; not "007", "+7", "7.0", "-0", " 7", "1e3", which as ids are texts of their own. The log's columns follow the
/// same rule.
/// </summary>
public static class WholeNumber
{
    public static bool TryRead(ReadOnlySpan<char> text, out long number)
    {
        ReadOnlySpan<char> digits = text is ['-', ..] ? text[1..] : text;
        bool readsBack = digits is ['1' or '2' or '3' or '4' or '5' or '6' or '7' or '8' or '9', ..] || text is "0";
        number = 0;
        return readsBack && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }
}
