namespace NcfSpark.Core;

/// <summary>
/// For each user a list of items, all lists one after the other (compressed sparse rows).
/// Example: user 0 with items 4, 1, user 1 with none and user 2 with 3 is Offsets {0, 2, 2, 3}, Items {4, 1, 3}.
/// </summary>
public sealed class InteractionLists
{
    private InteractionLists(long[] offsets, int[] items) => (Offsets, Items) = (offsets, items);

    /// <summary>User u's list is Items[Offsets[u] … Offsets[u + 1] - 1].</summary>
    public long[] Offsets { get; }

    public int[] Items { get; }

    public int UserCount => Offsets.Length - 1;

    /// <summary>The user's items in the order in which they were given (or sorted, if made so).</summary>
    public ReadOnlySpan<int> this[int user] => Items.AsSpan((int)Offsets[user], (int)(Offsets[user + 1] - Offsets[user]));

    /// <summary>Whether the user's list, which is in rising order, holds an item.</summary>
    public bool SortedHolds(int user, int item) => this[user].BinarySearch(item) >= 0;

    /// <summary>Gathers rows of (user, item), given in any order, into lists; within a user the order of the rows is kept.</summary>
    public static InteractionLists FromRows(int userCount, int[] users, int[] items) => FromParts(userCount, [(users, items)]);

    /// <summary>The same of rows in several parts, one after the other, which need not be copied into one.</summary>
    public static InteractionLists FromParts(int userCount, IReadOnlyList<(int[] Users, int[] Items)> parts)
    {
        long[] offsets = new long[userCount + 1];
        foreach ((int[] users, int[] items) in parts)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(items.Length, users.Length);
            foreach (int user in users) offsets[user + 1]++;
        }

        for (int user = 0; user < userCount; user++) offsets[user + 1] += offsets[user];
        int[] gathered = new int[offsets[^1]];
        long[] next = offsets[..^1];
        foreach ((int[] users, int[] items) in parts)
        {
            for (int row = 0; row < users.Length; row++) gathered[next[users[row]]++] = items[row];
        }

        return new InteractionLists(offsets, gathered);
    }

    /// <summary>For each user the places, rising, of those of their rows that are kept.</summary>
    /// <param name="kept">1 for a row that is kept, 0 for the others; all are kept where this is empty.</param>
    public static InteractionLists PlacesOf(int userCount, int[] users, ReadOnlySpan<int> kept = default)
    {
        long[] offsets = new long[userCount + 1];
        for (int row = 0; row < users.Length; row++) offsets[users[row] + 1] += kept.IsEmpty ? 1 : kept[row];
        for (int user = 0; user < userCount; user++) offsets[user + 1] += offsets[user];
        int[] places = new int[offsets[^1]];
        long[] next = offsets[..^1];
        for (int row = 0; row < users.Length; row++)
        {
            if (kept.IsEmpty || kept[row] == 1) places[next[users[row]]++] = row;
        }

        return new InteractionLists(offsets, places);
    }

    /// <summary>The lists turned round: for each item the users who have it, rising, as often as they have it.</summary>
    public InteractionLists Transposed(int itemCount)
    {
        long[] offsets = new long[itemCount + 1];
        foreach (int item in Items) offsets[item + 1]++;
        for (int item = 0; item < itemCount; item++) offsets[item + 1] += offsets[item];
        int[] users = new int[Items.Length];
        long[] next = offsets[..^1];
        for (int user = 0; user < UserCount; user++)
        {
            foreach (int item in this[user]) users[next[item]++] = user;
        }

        return new InteractionLists(offsets, users);
    }

    /// <summary>The same lists with another number for each of their items.</summary>
    public InteractionLists Select(Converter<int, int> number) => new(Offsets, Array.ConvertAll(Items, number));

    /// <summary>Sorted lists, each item once a user.</summary>
    /// <param name="weights">For each of these items a number, sorted with them; of an item that is there twice the largest is kept. null: none.</param>
    public (InteractionLists Lists, double[]? Weights) Distinct(double[]? weights = null)
    {
        (InteractionLists sorted, double[]? kept) = (weights is null ? Sorted() : new InteractionLists(Offsets, [.. Items]), weights?.ToArray());
        if (kept is not null) Parallel.For(0, UserCount, user => Array.Sort(sorted.Items, kept, (int)Offsets[user], this[user].Length));
        long[] offsets = new long[Offsets.Length];
        long end = 0; // what is kept moves to the front
        for (int user = 0; user < UserCount; user++)
        {
            long start = end;
            for (long place = Offsets[user]; place < Offsets[user + 1]; place++)
            {
                bool again = end > start && sorted.Items[end - 1] == sorted.Items[place];
                if (!again) sorted.Items[end++] = sorted.Items[place];
                if (kept is not null) kept[end - 1] = again ? Math.Max(kept[end - 1], kept[place]) : kept[place];
            }

            offsets[user + 1] = end;
        }

        return end == Items.Length ? (sorted, kept) : (new InteractionLists(offsets, sorted.Items[..(int)end]), kept?[..(int)end]);
    }

    /// <summary>A copy with each user's items in rising order.</summary>
    public InteractionLists Sorted()
    {
        var copy = new InteractionLists(Offsets, [.. Items]);
        copy.Sort();
        return copy;
    }

    /// <summary>Brings each user's items into rising order, here and not in a copy.</summary>
    public void Sort() => Parallel.For(0, UserCount, user => Array.Sort(Items, (int)Offsets[user], this[user].Length));

    /// <summary>Of two items their common features (or values) among all of both (Jaccard); 0 where one has none.</summary>
    /// <param name="a">Rising.</param>
    /// <param name="b">Rising.</param>
    public static double Similarity(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        int common = 0;
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            common += a[i] == b[j] ? 1 : 0;
            if (a[i] < b[j]) i++;
            else if (a[i] > b[j]) j++;
            else (i, j) = (i + 1, j + 1);
        }

        return common == 0 ? 0 : (double)common / (a.Length + b.Length - common);
    }
}

/// <summary>Rows of interactions, a column each: row r is user Users[r], who used item Items[r] at Timestamps[r].</summary>
/// <param name="Users">Dense user indexes.</param>
/// <param name="Items">Dense item indexes.</param>
/// <param name="Timestamps">Seconds since 1970-01-01 UTC.</param>
public sealed record InteractionRows(int[] Users, int[] Items, long[] Timestamps)
{
    public int Count => Users.Length;

    /// <summary>What each row weighs; null where all weigh the same.</summary>
    public float[]? Weights { get; init; }

    /// <summary>Some of the rows, by their places, in that order.</summary>
    public InteractionRows Take(int[] places)
    {
        T[] Of<T>(T[] column) => Array.ConvertAll(places, place => column[place]);
        return new InteractionRows(Of(Users), Of(Items), Of(Timestamps)) { Weights = Weights is null ? null : Of(Weights) };
    }

    /// <summary>The rows of several, one after the other. Where some have weights, rows of others weigh 1.</summary>
    public static InteractionRows Concat(params InteractionRows[] parts) => new(
        [.. parts.SelectMany(part => part.Users)], [.. parts.SelectMany(part => part.Items)], [.. parts.SelectMany(part => part.Timestamps)])
    {
        Weights = parts.All(part => part.Weights is null) ? null : [.. parts.SelectMany(part => part.Weights ?? Enumerable.Repeat(1f, part.Count))],
    };
}
