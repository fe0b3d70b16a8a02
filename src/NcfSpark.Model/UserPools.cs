using NcfSpark.Data;

namespace NcfSpark.Model;

/// <summary>
/// The latest items of each user, by which a model with a history scores them.
/// Example, K = 3: a user who used item 7, then 2, has the pool 2, 7, -1.
/// </summary>
/// <param name="Length">K, the most items of a pool.</param>
/// <param name="Items_UK">Item indexes, latest first, K for each user; -1 where there are fewer.</param>
public sealed record UserPools(int Length, int[] Items_UK)
{
    /// <summary>The user's items, latest first: as many as there are.</summary>
    public ReadOnlySpan<int> this[int user]
    {
        get
        {
            ReadOnlySpan<int> items = Items_UK.AsSpan(user * Length, Length);
            int end = items.IndexOf(-1);
            return end < 0 ? items : items[..end];
        }
    }

    /// <summary>The latest of lists in the order of time.</summary>
    public static UserPools Latest(InteractionLists byTime, int length)
    {
        int[] pools = new int[checked(byTime.UserCount * length)];
        Array.Fill(pools, -1);
        for (int user = 0; user < byTime.UserCount; user++)
        {
            ReadOnlySpan<int> items = byTime[user];
            for (int k = 0; k < Math.Min(length, items.Length); k++) pools[user * length + k] = items[^(k + 1)];
        }

        return new UserPools(length, pools);
    }

    /// <summary>The latest of rows in any order; those of one time in the order of the rows.</summary>
    public static UserPools Latest(int userCount, InteractionRows rows, int length)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(row => rows.Timestamps[row])]; // stable
        return Latest(InteractionLists.FromRows(userCount, Array.ConvertAll(order, row => rows.Users[row]), Array.ConvertAll(order, row => rows.Items[row])), length);
    }
}
