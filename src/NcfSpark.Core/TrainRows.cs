namespace NcfSpark.Core;

/// <summary>
/// Training rows as they are read: laid straight to their users' places (a counting sort, for which the column of users is read twice), and sorted there. So
/// memory holds the columns once, and a row group beside them.
/// </summary>
internal static class TrainRows
{
    /// <summary>Rows by user, timestamp, item and label, and their labels.</summary>
    /// <param name="paths">Folders of Parquet files.</param>
    public static (InteractionRows Rows, int[] Labels) Read(string[] paths, bool weighted)
    {
        (string, Type) ofUsers = ("user_index", typeof(int));
        long[] next = CountByUser(paths, ofUsers);
        for (int user = 1; user < next.Length; user++) next[user] += next[user - 1];
        long[] starts = [.. next];
        int[] users = new int[starts[^1]], items = new int[users.Length], labels = new int[users.Length];
        long[] timestamps = new long[users.Length];
        float[]? weights = weighted ? new float[users.Length] : null;
        (string, Type)[] columns = [ofUsers, ("item_index", typeof(int)), ("label", typeof(int)), ("timestamp", typeof(long)),
            .. weighted ? [("weight", typeof(double))] : Array.Empty<(string, Type)>()];
        long read = 0;
        foreach (Array[] group in paths.SelectMany(path => ParquetGroups.Read(path, columns)))
        {
            (int[] groupUsers, int[] groupItems, int[] groupLabels, long[] groupTimes) = ((int[])group[0], (int[])group[1], (int[])group[2], (long[])group[3]);
            for (int row = 0; row < groupUsers.Length; row++)
            {
                long place = next[groupUsers[row]]++;
                (users[place], items[place], labels[place], timestamps[place]) = (groupUsers[row], groupItems[row], groupLabels[row], groupTimes[row]);
                if (weights is not null) weights[place] = (float)((double[])group[4])[row];
            }

            read += groupUsers.Length;
            if (read < LargeGarbage.Rows) continue;
            LargeGarbage.FreeAfter(read);
            read = 0;
        }

        var rows = new InteractionRows(users, items, timestamps) { Weights = weights };
        Parallel.For(0, starts.Length - 1, user => SortRows(rows, labels, (int)starts[user], (int)starts[user + 1]));
        LargeGarbage.FreeAfter(rows.Count);
        return (rows, labels);
    }

    // The rows of user u stand at place u + 1.
    private static long[] CountByUser(string[] paths, (string, Type) ofUsers)
    {
        long[] counts = new long[1];
        foreach (Array[] group in paths.SelectMany(path => ParquetGroups.Read(path, ofUsers)))
        {
            int[] users = (int[])group[0];
            int most = users.Length == 0 ? -1 : users.Max();
            if (most + 2 > counts.Length) Array.Resize(ref counts, Math.Max(most + 2, 2 * counts.Length));
            foreach (int user in users) counts[user + 1]++;
        }

        return counts;
    }

    // What is equal in all of these is one row twice, so the order is that of any engine's rows.
    private static void SortRows(InteractionRows rows, int[] labels, int start, int end)
    {
        var keys = new (long Time, int Item, int Label, float Weight)[end - start];
        bool sorted = true;
        for (int k = 0; k < keys.Length; k++)
        {
            keys[k] = KeyOf(rows, labels, start + k);
            sorted &= k == 0 || keys[k].CompareTo(keys[k - 1]) >= 0;
        }

        if (sorted) return;
        Array.Sort(keys);
        for (int k = 0; k < keys.Length; k++)
        {
            (rows.Timestamps[start + k], rows.Items[start + k], labels[start + k], float weight) = keys[k];
            if (rows.Weights is not null) rows.Weights[start + k] = weight;
        }
    }

    /// <summary>By what a user's rows are ordered.</summary>
    public static (long Time, int Item, int Label, float Weight) KeyOf(InteractionRows rows, int[] labels, int row) =>
        (rows.Timestamps[row], rows.Items[row], labels[row], rows.Weights?[row] ?? 0);
}
