namespace NcfSpark.Core;

/// <summary>The name that a misspelt one probably stands for.</summary>
public static class NearestName
{
    /// <summary>The candidate that takes the fewest edits, in any case of letters, or null if each takes as many as half of its letters.</summary>
    public static string? Of(string given, IEnumerable<string> candidates) => candidates
        .Select(candidate => (candidate, edits: Edits(given, candidate)))
        .Where(pair => 2 * pair.edits < Math.Max(pair.candidate.Length, 3))
        .OrderBy(pair => pair.edits)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    /// <summary>Letters to insert, delete or replace, or neighbours to swap, to make one of the other (optimal string alignment), in any case.</summary>
    internal static int Edits(string from, string to)
    {
        (from, to) = (from.ToUpperInvariant(), to.ToUpperInvariant());
        int[,] edits = new int[from.Length + 1, to.Length + 1]; // of the first i letters of one to the first j of the other
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i, j] = i + j;
                    continue;
                }

                int replaced = edits[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                edits[i, j] = Math.Min(replaced, 1 + Math.Min(edits[i - 1, j], edits[i, j - 1]));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
            }
        }

        return edits[from.Length, to.Length];
    }
}
