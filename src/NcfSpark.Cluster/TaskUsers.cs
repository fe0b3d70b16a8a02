using NcfSpark.Core;
using NcfSpark.Model;

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

    /// <summary>A user's items, rising.</summary>
    public ReadOnlySpan<int> ItemsOf(int user) => Rows.Items.AsSpan(RangeOf(user));

    /// <summary>When they used each.</summary>
    public ReadOnlySpan<long> TimestampsOf(int user) => Rows.Timestamps.AsSpan(RangeOf(user));

    /// <summary>Those who did something at a time or later; all where there is no time.</summary>
    public int[] Since(long? time) => time is null ? Users : Array.FindAll(Users, user => TimestampsOf(user).ContainsAnyInRange(time.Value, long.MaxValue));

    private Range RangeOf(int user)
    {
        int place = Array.BinarySearch(Users, user);
        return Offsets[place]..Offsets[place + 1];
    }
}
