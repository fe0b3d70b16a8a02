namespace NcfSpark.Data;

/// <summary>
/// What the users' or the items' directory holds: external ids by dense index (0 … Count - 1), in the type that the input has, BIGINT or
/// STRING, and how many training interactions each has.
/// </summary>
public sealed class IdTable
{
    private readonly long[]? numbers;
    private readonly string[]? texts;

    public IdTable(long[] ids, int[] interactions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(interactions.Length, ids.Length);
        (numbers, Interactions) = (ids, interactions);
    }

    public IdTable(string[] ids, int[] interactions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(interactions.Length, ids.Length);
        (texts, Interactions) = (ids, interactions);
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

    public string TextOf(int index) => texts is null ? Numbers[index].ToString() : texts[index];

    /// <summary>Dense index by the id's text, such as "42".</summary>
    public Dictionary<string, int> IndexByText()
    {
        var result = new Dictionary<string, int>(Count, StringComparer.Ordinal);
        for (int index = 0; index < Count; index++) result.Add(TextOf(index), index);
        return result;
    }
}
