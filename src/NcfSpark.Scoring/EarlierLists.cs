using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>The lists of the night in production, for <see cref="ScoreOptions.Hysteresis"/>.</summary>
public static class EarlierLists
{
    /// <summary>Reads a directory of recommendations.</summary>
    /// <returns>For each of the model's users the items of the list that may still be recommended, rising.</returns>
    public static InteractionLists Read(string directory, TrainedModel model, RecommendableItems allowed)
    {
        List<int> users = [], items = [];
        foreach (string[][] group in ParquetGroups.ReadAsText(directory, "user_id", "item_id"))
        {
            for (int row = 0; row < group[0].Length; row++)
            {
                (int user, int item) = (model.Users.Find(group[0][row]), model.Items.Find(group[1][row]));
                if (user < 0 || item < 0 || Array.BinarySearch(allowed.Items, item) < 0) continue;
                users.Add(user);
                items.Add(item);
            }
        }

        return InteractionLists.FromRows(model.Users.Count, [.. users], [.. items]).Sorted();
    }
}
