namespace NcfSpark.Data;

/// <summary>Rows of interactions, a column each: row r is user Users[r], who used item Items[r] at Timestamps[r].</summary>
/// <param name="Users">Dense user indexes.</param>
/// <param name="Items">Dense item indexes.</param>
/// <param name="Timestamps">Seconds since 1970-01-01 UTC.</param>
public sealed record InteractionRows(int[] Users, int[] Items, long[] Timestamps)
{
    public int Count => Users.Length;
}
