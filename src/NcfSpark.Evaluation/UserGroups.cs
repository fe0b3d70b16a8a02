namespace NcfSpark.Evaluation;

/// <summary>
/// Splits evaluated users into up to four groups by the length of their history: an average over all can hide that
/// newcomers are served badly.
/// </summary>
internal static class UserGroups
{
    private const int MostGroups = 4;
    private const int LeastUsers = 20; // fewer say nothing of their group

    /// <param name="seenOfUser">For each evaluated user, how many items they had seen.</param>
    /// <returns>The groups by rising length, each as rising places in <paramref name="seenOfUser"/>; users of equal
    /// length are together, so groups are only about equal. Fewer than two groups are none.</returns>
    public static IReadOnlyList<int[]> Split(int[] seenOfUser)
    {
        int[] places = [.. Enumerable.Range(0, seenOfUser.Length).OrderBy(place => seenOfUser[place])];
        var groups = new List<int[]>();
        int start = 0;
        for (int g = 1; g <= MostGroups; g++)
        {
            int end = (int)((long)places.Length * g / MostGroups);
            while (end > 0 && end < places.Length && seenOfUser[places[end]] == seenOfUser[places[end - 1]]) end++;
            if (end - start < LeastUsers) continue; // goes with the next
            groups.Add([.. places[start..end].Order()]);
            start = end;
        }

        if (groups.Count > 0 && start < places.Length) groups[^1] = [.. groups[^1].Concat(places[start..]).Order()];
        return groups.Count < 2 ? [] : groups;
    }

    /// <summary>Those who were there before the test, and then the new ones, as places; none where there is one kind only.</summary>
    public static IReadOnlyList<int[]> ByPresence(bool[] wasThere)
    {
        int[] places = [.. Enumerable.Range(0, wasThere.Length)];
        int[] known = [.. places.Where(place => wasThere[place])], unknown = [.. places.Where(place => !wasThere[place])];
        return known.Length == 0 || unknown.Length == 0 ? [] : [known, unknown];
    }

    /// <summary>The average over some of its users.</summary>
    public static PerUserMetric Over(PerUserMetric average, int[] places) =>
        new(average.Name, Array.ConvertAll(places, place => average.Sums[place]), Array.ConvertAll(places, place => average.Weights[place]));
}
