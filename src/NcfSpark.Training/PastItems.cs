using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// Each user's training items in the order of time, and for each training row how many of them came before it: never its own item, a later one, or
/// one that is held out.
/// </summary>
/// <remarks>
/// Items of one second are in an order by chance (<see cref="UserPools.InOrder"/>). A stored negative has only the time of its positive, not its place
/// among those of the same second; where negatives are stored, what counts as before is therefore, for positives too, what is earlier by time: with
/// different pools a row's label could be told from its pool.
/// Example: a user with item 4 at second 1 and items 2 and 6 at second 5, which chance has in this order, has Items 4, 2, 6. The pasts of the three
/// rows end after 0, 1 and 2 of them; with stored negatives after 0, 1 and 1.
/// </remarks>
internal sealed class PastItems
{
    private readonly InteractionLists byTime;
    private readonly long[] times; // of its items
    private readonly Lazy<uint[]> featureBits;
    private readonly Lazy<InteractionLists> sorted;

    public PastItems(TrainingSet set)
    {
        InteractionRows rows = set.Rows;
        InteractionLists positives = UserPools.InOrder(set.UserCount, rows, set.Labels);
        byTime = positives.Select(row => rows.Items[row]);
        times = IsByTime(rows, positives) ? rows.Timestamps : Array.ConvertAll(positives.Items, row => rows.Timestamps[row]);
        featureBits = new(FeatureBitsOfPlaces);
        sorted = new(byTime.Sorted);
        RowEnds = new int[rows.Count];
        if (positives.Items.Length == rows.Count)
        {
            for (int place = 0; place < positives.Items.Length; place++) RowEnds[positives.Items[place]] = place;
        }
        else
        {
            Parallel.For(0, rows.Count, row =>
                RowEnds[row] = (int)byTime.Offsets[rows.Users[row]] + EarlierThan(rows, positives[rows.Users[row]], rows.Timestamps[row]));
        }
    }

    /// <summary>All users' items, one user after the other.</summary>
    public int[] Items => byTime.Items;

    /// <summary>The times of all users' items, in seconds.</summary>
    public long[] Times => times;

    /// <summary>For each training row the place after the last item that came before it.</summary>
    public int[] RowEnds { get; }

    /// <summary>For each of these places the <see cref="TemporalFeatures"/> of what the user did before it.</summary>
    public uint[] FeatureBits => featureBits.Value;

    /// <summary>The same for the kernels.</summary>
    /// <param name="withFeatures">Whether the model sees temporal features.</param>
    public UserHistories Histories(bool withFeatures) =>
        new(Items, [.. Enumerable.Range(0, byTime.UserCount).Select(StartOf)], withFeatures ? FeatureBits : []);

    /// <summary>Where the user's items start.</summary>
    public int StartOf(int user) => (int)byTime.Offsets[user];

    /// <summary>Whether an item is among the user's, at any time.</summary>
    public bool Holds(int user, int item) => sorted.Value.SortedHolds(user, item);

    /// <summary>The pools to score by: the latest of all.</summary>
    public UserPools Latest(int length, bool keepTimes = false) => UserPools.Latest(byTime, length, times, keepTimes);

    private uint[] FeatureBitsOfPlaces()
    {
        uint[] features = new uint[times.Length];
        Parallel.For(0, byTime.UserCount, user =>
        {
            (int start, int end) = (StartOf(user), StartOf(user + 1));
            for (int place = start; place < end; place++) features[place] = TemporalFeatures.Of(times.AsSpan(start, place - start));
        });
        return features;
    }

    // Whether all rows are positives and stand by user and time, as `prepare` has them: then their column of times is that of the places, too.
    private static bool IsByTime(InteractionRows rows, InteractionLists positives)
    {
        bool same = positives.Items.Length == rows.Count;
        for (int place = 0; same && place < rows.Count; place++)
        {
            int row = positives.Items[place];
            same = rows.Users[row] == rows.Users[place] && rows.Timestamps[row] == rows.Timestamps[place];
        }

        return same;
    }

    private static int EarlierThan(InteractionRows rows, ReadOnlySpan<int> ordered, long time)
    {
        int low = 0, high = ordered.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (rows.Timestamps[ordered[middle]] < time) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
