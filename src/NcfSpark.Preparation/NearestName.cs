namespace NcfSpark.Preparation;

/// <summary>The name that somebody probably meant.</summary>
internal static class NearestName
{
    /// <summary>The nearest by edits (case counts for nothing), or null where none is near: more than a third of its letters would have to change.</summary>
    public static string? Of(string meant, IEnumerable<string> names) => names
        .Select(name => (name, edits: Edits(meant.ToLowerInvariant(), name.ToLowerInvariant())))
        .Where(pair => pair.edits * 3 <= Math.Max(meant.Length, pair.name.Length))
        .OrderBy(pair => pair.edits).ThenBy(pair => pair.name, StringComparer.Ordinal)
        .Select(pair => pair.name)
        .FirstOrDefault();

    // Levenshtein, one row of the table at a time.
    private static int Edits(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[b.Length];
    }
}
