using System.Globalization;
using System.Text;

namespace NcfSpark.Preparation.Tests;

/// <summary>What preparing means, written as plainly as can be: the twin that the SQL is held to, row for row.</summary>
internal static class SlowPreparer
{
    /// <param name="log">The log, its times in ticks.</param>
    /// <param name="given">Rows that somebody held out.</param>
    /// <param name="ticksPerSecond">What the times count; what comes out are whole seconds.</param>
    /// <param name="weight">What a pair weighs for the order of items; null where all weigh the same.</param>
    /// <param name="time">Of a split by time the first moments that validate and that are tested.</param>
    public static Rows Prepare(IReadOnlyList<LogRow> log, PrepareOptions options, IReadOnlyList<LogRow>? given = null, long ticksPerSecond = 1,
        (long ValidationFrom, long TestFrom)? time = null, Func<(string User, string Item), long>? weight = null)
    {
        int PartAt(long moment) => time is not { } bounds || moment < bounds.ValidationFrom ? 0 : moment < bounds.TestFrom ? 1 : 2;
        // By time a pair is of the earliest part that it is in: what comes later of it is left out.
        if (time is not null) log = [.. log.Where(row => !log.Any(other => IsSamePair(row, other) && PartAt(other.Timestamp) < PartAt(row.Timestamp)))];


        // Of a pair that is there twice the latest stays; one that was given as held out stays so.
        var distinct = new Dictionary<(string User, string Item), (long Timestamp, bool HeldOut)>();
        foreach ((LogRow row, bool heldOut) in log.Select(row => (row, false)).Concat((given ?? []).Select(row => (row, true))))
        {
            (long timestamp, bool already) = distinct.GetValueOrDefault((row.User, row.Item), (long.MinValue, false));
            if (heldOut && !already) timestamp = long.MinValue;
            distinct[(row.User, row.Item)] = (Math.Max(timestamp, row.Timestamp), heldOut || already);
        }

        // A stable sort keeps the order of ids.
        string[] users = [.. InIdOrder(distinct.Keys.Select(pair => pair.User))
            .OrderBy(user => distinct.Where(pair => pair.Key.User == user).Min(pair => PartAt(pair.Value.Timestamp)))];
        string[] items = InIdOrder(distinct.Keys.Select(pair => pair.Item));
        var parts = new Dictionary<(string User, string Item), int>();
        for (int user = 0; user < users.Length; user++)
        {
            var own = distinct.Where(pair => pair.Key.User == users[user])
                .OrderByDescending(pair => pair.Value.Timestamp)
                .ThenBy(pair => Hash(options.Seed, "ties", PortableHash.OfText(users[user]), PortableHash.OfText(pair.Key.Item)))
                .ThenBy(pair => Array.IndexOf(items, pair.Key.Item))
                .ToList();
            bool enough = own.Count >= options.MinInteractions;
            if (given is not null)
            {
                foreach (var pair in own.Where(pair => pair.Value.HeldOut)) parts[pair.Key] = 2;
                own.RemoveAll(pair => pair.Value.HeldOut);
            }

            if (time is not null)
            {
                foreach (var pair in own) parts[pair.Key] = PartAt(pair.Value.Timestamp);
                continue;
            }

            int tested = given is null && enough ? Math.Min(options.Holdout, own.Count / 2) : 0;
            int validated = options.Validation && enough ? Math.Min(options.Holdout, (own.Count - tested) / 2) : 0;
            for (int place = 0; place < own.Count; place++) parts[own[place].Key] = place < tested ? 2 : place < tested + validated ? 1 : 0;
        }

        int Positives(Func<(string User, string Item), bool> of) => parts.Count(pair => pair.Value == 0 && of(pair.Key));
        string[] byPopularity = [.. items.OrderByDescending(
            item => weight is null ? Positives(pair => pair.Item == item) : parts.Where(pair => pair.Value == 0 && pair.Key.Item == item).Sum(
                pair => weight(pair.Key)))]; // a stable sort keeps the order of ids
        var rows = parts.Select(pair => (User: Array.IndexOf(users, pair.Key.User), Item: Array.IndexOf(byPopularity, pair.Key.Item),
            Timestamp: distinct[pair.Key].Timestamp / ticksPerSecond, Part: pair.Value)).ToList();

        int known = byPopularity.Count(item => Positives(pair => pair.Item == item) > 0);
        IEnumerable<(int User, int Item, long Timestamp, int Drawn)> Draws(int part, int count, string stream, bool trainedOnly = false) =>
            from row in rows
            where row.Part == part
            let untouched = Enumerable.Range(0, trainedOnly && time is not null ? known : items.Length)
                .Except(rows.Where(other => other.User == row.User && (other.Part == 0 || !trainedOnly)).Select(other => other.Item)).ToArray()
            where untouched.Length > 0
            from draw in Enumerable.Range(0, count)
            select (row.User, row.Item, row.Timestamp, untouched[PortableHash.Below(Hash(options.Seed, stream, row.User, row.Item, draw), untouched.Length)]);

        return new Rows(
            [.. users.Select((user, index) => (user, index, Positives(pair => pair.User == user)))],
            [.. byPopularity.Select((item, index) => (item, index, Positives(pair => pair.Item == item)))],
            [.. rows.Where(row => row.Part == 0).Select(row => (row.User, row.Item, 1, row.Timestamp))
                .Concat(Draws(0, options.NegativesPerPositive, "negatives", options.NegativesAvoid == AvoidedItems.Trained)
                    .Select(row => (row.User, row.Drawn, 0, row.Timestamp))).Order()],
            [.. rows.Where(row => row.Part == 1).Select(row => (row.User, row.Item, row.Timestamp)).Order()],
            [.. rows.Where(row => row.Part == 2).Select(row => (row.User, row.Item, row.Timestamp)).Order()],
            [.. Draws(2, options.TestCandidates, "candidates").Select(row => (row.User, row.Item, row.Drawn)).Order()]);
    }

    private static bool IsSamePair(LogRow one, LogRow other) => (one.User, one.Item) == (other.User, other.Item);

    private static long Hash(long seed, string stream, params ReadOnlySpan<int> values)
    {
        long state = PortableHash.Start(seed, stream);
        foreach (int value in values) state = PortableHash.Absorb(state, value);
        return PortableHash.Finish(state);
    }

    private static string[] InIdOrder(IEnumerable<string> ids)
    {
        string[] distinct = [.. ids.Distinct()];
        return distinct.All(id => long.TryParse(id, out long number) && number.ToString(CultureInfo.InvariantCulture) == id)
            ? [.. distinct.OrderBy(long.Parse)]
            : [.. distinct.OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];
    }
}
