using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>Reads what a night's data is like from its prepared directory, beside that of the night in production.</summary>
internal static class NightDataReader
{
    public static NightData Read(StageDirectory directory, Incumbent? before)
    {
        SortedDictionary<string, long> rows = directory.Manifest.Rows;
        Night now = Night.Read(directory);
        double all = Math.Max(1, rows["input_rows"]);
        var data = new NightData
        {
            Rows = rows["input_rows"],
            Interactions = rows["train_positives"] + rows["validation"] + rows["test"],
            Users = rows["users"],
            Items = rows["items"],
            Duplicates = rows["duplicates_dropped"] / all,
            BadRows = rows["bad_rows"] / all,
            FirstTimestamp = now.Timestamps.Min(),
            LastTimestamp = now.Timestamps.Max(),
        };
        return before is null ? data : Compared(data, now, Night.Read(before.Prepared));
    }

    private static NightData Compared(NightData data, Night now, Night incumbent)
    {
        int[] users = now.Users.IndexesIn(incumbent.Users), items = now.Items.IndexesIn(incumbent.Items);
        return data with
        {
            NewUsers = users.Count(user => user < 0) / (double)users.Length,
            NewItems = items.Count(item => item < 0) / (double)items.Length,
            PopularityDrift = Drift(now, incumbent, items),
            HeldOutKnownToIncumbent = ShareKnown(now.Test, incumbent, users, items),
        };
    }

    // Over the items of both nights: first those of this one, then those that are gone.
    private static double? Drift(Night now, Night incumbent, int[] incumbentItems)
    {
        long[] counts = now.ItemCounts(), incumbentCounts = incumbent.ItemCounts();
        int[] gone = [.. Enumerable.Range(0, incumbentCounts.Length).Except(incumbentItems)];
        return PopularityDrift.Between(
            [.. counts, .. gone.Select(_ => 0L)],
            [.. incumbentItems.Select(item => item < 0 ? 0 : incumbentCounts[item]), .. gone.Select(item => incumbentCounts[item])]);
    }

    private static double? ShareKnown(InteractionRows heldOut, Night incumbent, int[] users, int[] items)
    {
        if (heldOut.Count == 0) return null;
        (InteractionRows rows, int[] labels) = incumbent.Data.ReadTrain();
        var trained = new HashSet<(int User, int Item)>(
            Enumerable.Range(0, rows.Count).Where(row => labels[row] == 1).Select(row => (rows.Users[row], rows.Items[row])));
        int known = Enumerable.Range(0, heldOut.Count).Count(row => trained.Contains((users[heldOut.Users[row]], items[heldOut.Items[row]])));
        return known / (double)heldOut.Count;
    }

    private sealed record Night(PreparedData Data, IdTable Users, IdTable Items, InteractionRows Validation, InteractionRows Test, long[] Timestamps)
    {
        public static Night Read(StageDirectory directory)
        {
            var data = new PreparedData(directory);
            (InteractionRows validation, InteractionRows test) = (data.ReadHeldOut("validation"), data.ReadHeldOut("test"));
            long[] timestamps = [.. ParquetColumns.Read<long>(directory.File("train"), "timestamp"), .. validation.Timestamps, .. test.Timestamps];
            return new(data, data.ReadUsers(), data.ReadItems(), validation, test, timestamps);
        }

        // In all parts: training counts alone lag behind.
        public long[] ItemCounts()
        {
            long[] counts = Array.ConvertAll(Items.Interactions, count => (long)count);
            foreach (InteractionRows part in new[] { Validation, Test })
            {
                foreach (int item in part.Items) counts[item]++;
            }

            return counts;
        }
    }
}
