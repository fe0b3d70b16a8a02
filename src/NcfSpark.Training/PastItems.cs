using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// Each user's training items in the order of time, and for each training row how many of them came before it. Only what was strictly earlier
/// counts: of items used in the same second nobody knows which came first, so none of them is in another's pool, and a row's own item is never in
/// its own. A stored negative has the time of its positive, and so its past.
/// Example: a user with item 4 at second 1 and items 2 and 6 at second 5 has Items 4, 2, 6; the pasts of the rows end after 0, 1 and 1 of them.
/// </summary>
internal sealed class PastItems
{
    private readonly InteractionLists byTime;

    public PastItems(TrainingSet set)
    {
        InteractionRows rows = set.Rows;
        int[] order = [.. Enumerable.Range(0, rows.Count).Where(row => set.Labels[row] == 1).OrderBy(row => rows.Timestamps[row])]; // stable
        int[] users = Array.ConvertAll(order, row => rows.Users[row]);
        byTime = InteractionLists.FromRows(set.UserCount, users, Array.ConvertAll(order, row => rows.Items[row]));
        InteractionLists positives = InteractionLists.FromRows(set.UserCount, users, order);
        RowEnds = new int[rows.Count];
        Parallel.For(0, rows.Count, row =>
        {
            int user = rows.Users[row];
            ReadOnlySpan<int> of = positives[user];
            int low = 0, high = of.Length; // how many are earlier
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                if (rows.Timestamps[of[middle]] < rows.Timestamps[row]) low = middle + 1;
                else high = middle;
            }

            RowEnds[row] = (int)byTime.Offsets[user] + low;
        });
    }

    /// <summary>All users' items, one user after the other.</summary>
    public int[] Items => byTime.Items;

    /// <summary>For each training row the place after the last item that came before it.</summary>
    public int[] RowEnds { get; }

    /// <summary>Where the user's items start.</summary>
    public int StartOf(int user) => (int)byTime.Offsets[user];

    /// <summary>The pools to score by: the latest of all.</summary>
    public UserPools Latest(int length) => UserPools.Latest(byTime, length);
}
