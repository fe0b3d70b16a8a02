using NcfSpark.Core;

namespace NcfSpark.Training.Tests;

/// <summary>Random logs with times, many of which are equal.</summary>
internal static class HistoryLogs
{
    /// <summary>A log of a few users, and one more with by far the most rows.</summary>
    public static TrainingSet WithHeavyUser(int seed, int rows, int items)
    {
        TrainingSet others = Random(seed, users: 20);
        RandomStream stream = RandomStream.Named(seed, "heavy user");
        int[] heavy = [.. Enumerable.Range(0, items).OrderBy(item => stream.Bits(item)).Take(rows)];
        return TrainingSet.Of(
            others.UserCount + 1,
            items,
            new InteractionRows([.. others.Rows.Users, .. heavy.Select(_ => others.UserCount)], [.. others.Rows.Items, .. heavy],
                [.. others.Rows.Timestamps, .. heavy.Select((_, place) => 1_000_000_000L + 10 * place)]),
            [.. others.Labels, .. heavy.Select(_ => 1)],
            heldOut: []);
    }

    /// <param name="seed">Another log for each.</param>
    /// <param name="users">Users; some have no rows.</param>
    /// <param name="items">Items.</param>
    /// <param name="times">How many different times there are.</param>
    /// <param name="negatives">Negatives that are stored with each positive.</param>
    public static TrainingSet Random(int seed, int users = 30, int items = 25, int times = 6, int negatives = 0)
    {
        RandomStream stream = RandomStream.Named(seed, "history log");
        var rows = new List<(int User, int Item, long Time, int Label)>();
        for (int user = 0; user < users; user++)
        {
            long most = stream.Below(10_000 + user, items);
            for (int item = 0; item < items; item++)
            {
                long place = (long)user * items + item;
                if (stream.Below(place, items) >= most) continue;
                long time = 1_000_000_000 + stream.Below(100_000 + place, times);
                rows.Add((user, item, time, 1));
                for (int n = 0; n < negatives; n++) rows.Add((user, (int)stream.Below(200_000 + negatives * place + n, items), time, 0));
            }
        }

        if (rows.Count == 0) rows.Add((0, 0, 1_000_000_000, 1));
        (int User, int Item, long Time, int Label)[] ordered =
            [.. rows.OrderBy(row => (row.User, row.Time, row.Item, row.Label))]; // as PreparedData gives them
        var positives = ordered.Where(row => row.Label == 1).ToArray();
        return new TrainingSet
        {
            UserCount = users,
            ItemCount = items,
            Rows = new InteractionRows([.. ordered.Select(row => row.User)], [.. ordered.Select(row => row.Item)], [.. ordered.Select(row => row.Time)]),
            Labels = [.. ordered.Select(row => row.Label)],
            Avoided = InteractionLists.FromRows(users, [.. positives.Select(row => row.User)], [.. positives.Select(row => row.Item)]).Sorted(),
        };
    }

    /// <summary>The same log with weights from 0.1 to 10, of which a stored negative has that of its positive, and with some dislikes.</summary>
    public static TrainingSet Weighted(TrainingSet set, int seed)
    {
        RandomStream stream = RandomStream.Named(seed, "weights");
        (int User, int Item)[] disliked = [.. Enumerable.Range(0, set.UserCount).Where(user => stream.Below(user, 3) == 0 && !set.Avoided[user].IsEmpty)
            .SelectMany(user => Enumerable.Range(0, set.ItemCount).Except(set.Avoided[user].ToArray()).Take((int)stream.Below(500_000 + user, 4))
                .Select(item => (user, item)))];
        return (set with
        {
            Rows = set.Rows with
            {
                Weights = [.. Enumerable.Range(0, set.Rows.Count).Select(row =>
                    (float)Math.Pow(10, 2 * stream.Unit(1_000_000 + (100 * set.Rows.Users[row]) + set.Rows.Timestamps[row] % 100) - 1))],
            },
        }).WithDisliked(new([.. disliked.Select(pair => pair.User)], [.. disliked.Select(pair => pair.Item)], new long[disliked.Length]));
    }
}
