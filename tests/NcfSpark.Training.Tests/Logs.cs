using NcfSpark.Core;

namespace NcfSpark.Training.Tests;

/// <summary>Small training sets.</summary>
internal static class Logs
{
    /// <summary>Users of two tastes, who use items of their own half only, each leaving some of it out.</summary>
    public static TrainingSet TwoTastes(int users = 40, int items = 30, double density = 0.6, long seed = 1)
    {
        RandomStream stream = RandomStream.Named(seed, "two tastes");
        var rows = new List<(int User, int Item)>();
        for (int user = 0; user < users; user++)
        {
            for (int item = 0; item < items; item++)
            {
                if (user % 2 == item % 2 && stream.Unit((long)user * items + item) < density) rows.Add((user, item));
            }
        }

        return Of(users, items, rows);
    }

    public static TrainingSet Of(int users, int items, IReadOnlyList<(int User, int Item)> rows)
    {
        int[] rowUsers = [.. rows.Select(row => row.User)], rowItems = [.. rows.Select(row => row.Item)];
        return new TrainingSet
        {
            UserCount = users,
            ItemCount = items,
            Rows = new InteractionRows(rowUsers, rowItems, new long[rows.Count]),
            Labels = [.. Enumerable.Repeat(1, rows.Count)],
            Avoided = InteractionLists.FromRows(users, rowUsers, rowItems).Sorted(),
        };
    }
}
