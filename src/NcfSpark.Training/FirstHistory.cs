using System.Collections;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// How a model with a history begins: who or what has no training rows has nothing of its own, rather than chance. Such
/// users are scored by what they did later alone.
/// </summary>
internal static class FirstHistory
{
    /// <summary>The items that somebody used.</summary>
    public static BitArray UsedItems(PastItems past, int itemCount)
    {
        var used = new BitArray(itemCount);
        foreach (int item in past.Items) used[item] = true;
        return used;
    }

    /// <summary>Sets users' pools, and clears the rows of users who have none.</summary>
    public static void ClearUsersWithoutRows(ModelWeights weights, PastItems past)
    {
        weights.Pools = past.Latest(weights.Options.PastLength, keepTimes: weights.Options.HasAttention);
        for (int user = 0; user < weights.UserCount; user++)
        {
            if (!weights.Pools[user].IsEmpty) continue;
            foreach (Weight table in weights.UserTables) table.Row(user).Clear();
        }
    }

    /// <summary>Clears the rows of items that are in nobody's pool, where these have rows of their own.</summary>
    public static void ClearItemsWithoutRows(ModelWeights weights, BitArray used)
    {
        if (weights.ItemHistory is null) return;
        for (int item = 0; item < weights.ItemCount; item++)
        {
            if (!used[item]) weights.ItemHistory.Row(item).Clear();
        }
    }
}
