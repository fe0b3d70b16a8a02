using NcfSpark.Core;
using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>A training set of positives in which activity of users and popularity of items follow the power laws of <see cref="SyntheticLog"/>.</summary>
internal static class SyntheticSet
{
    private const double UserExponent = 1.9, ItemExponent = 2.2;

    public static TrainingSet Make(int users, int items, int interactions, long seed)
    {
        RandomStream who = RandomStream.Named(seed, "user"), what = RandomStream.Named(seed, "item");
        var distinct = new HashSet<(int User, int Item)>(interactions);
        for (int row = 0; row < interactions; row++)
        {
            distinct.Add(((int)(users * Math.Pow(who.Unit(row), UserExponent)), (int)(items * Math.Pow(what.Unit(row), ItemExponent))));
        }

        int[] rowUsers = [.. distinct.Select(row => row.User)], rowItems = [.. distinct.Select(row => row.Item)];
        int[] labels = new int[distinct.Count];
        Array.Fill(labels, 1);
        return new TrainingSet
        {
            UserCount = users,
            ItemCount = items,
            Rows = new InteractionRows(rowUsers, rowItems, [.. Enumerable.Range(0, rowUsers.Length).Select(row => 1_000_000_000L + row)]),
            Labels = labels,
            Avoided = InteractionLists.FromRows(users, rowUsers, rowItems).Sorted(),
        };
    }
}
