using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>Some users of a task, with what they have.</summary>
/// <param name="Users">Dense indexes, rising.</param>
/// <param name="Offsets">The rows of the user at place p are Offsets[p] … Offsets[p + 1] - 1.</param>
/// <param name="Rows">By user and item.</param>
internal sealed record TaskUsers(int[] Users, int[] Offsets, InteractionRows Rows)
{
    /// <summary>The time of what a user dislikes: it is left out of lists, and no part of the user's history.</summary>
    public const long NoTime = -1;

    /// <summary>What the user did, for the model to see.</summary>
    public void SetLatest(UserPools pools, int user)
    {
        ReadOnlySpan<int> items = ItemsOf(user);
        ReadOnlySpan<long> timestamps = TimestampsOf(user);
        if (timestamps.Contains(NoTime))
        {
            (int Item, long Time)[] done = [.. items.ToArray().Zip(timestamps.ToArray()).Where(row => row.Second != NoTime)];
            pools.SetLatest(user, Array.ConvertAll(done, row => row.Item), Array.ConvertAll(done, row => row.Time));
            return;
        }

        pools.SetLatest(user, items, timestamps);
    }

    /// <summary>What lists look at: users of this task.</summary>
    public UserPast Past => new(ItemsOf)
    {
        Disliked = DislikedOf,
        Latest = LatestOf,
    };

    /// <summary>A user's items, rising.</summary>
    public ReadOnlySpan<int> ItemsOf(int user) => Rows.Items.AsSpan(RangeOf(user));

    /// <summary>When they used each.</summary>
    public ReadOnlySpan<long> TimestampsOf(int user) => Rows.Timestamps.AsSpan(RangeOf(user));

    /// <summary>Those who did something at a time or later; all where there is no time.</summary>
    public int[] Since(long? time) => time is null ? Users : Array.FindAll(Users, user => TimestampsOf(user).ContainsAnyInRange(time.Value, long.MaxValue));

    private ReadOnlySpan<int> DislikedOf(int user)
    {
        if (!TimestampsOf(user).Contains(NoTime)) return [];
        long[] times = TimestampsOf(user).ToArray();
        return ItemsOf(user).ToArray().Where((_, row) => times[row] == NoTime).ToArray();
    }

    private int LatestOf(int user)
    {
        ReadOnlySpan<int> items = ItemsOf(user);
        ReadOnlySpan<long> times = TimestampsOf(user);
        (int latest, long last) = (-1, NoTime);
        for (int row = 0; row < items.Length; row++)
        {
            if (times[row] != NoTime && (latest < 0 || times[row] > last)) (latest, last) = (items[row], times[row]);
        }

        return latest;
    }

    private Range RangeOf(int user)
    {
        int place = Array.BinarySearch(Users, user);
        return Offsets[place]..Offsets[place + 1];
    }
}
