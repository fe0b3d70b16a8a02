using NcfSpark.Kernels;

namespace NcfSpark.Scoring;

/// <summary>What a range of neighbouring users have touched, in training or held out.</summary>
/// <param name="First">The first user.</param>
/// <param name="Count">How many users.</param>
/// <param name="Offsets">Their lists one after the other: user First + u has Items[Offsets[u] … Offsets[u + 1] - 1].</param>
/// <param name="Items">Item indexes, within a user rising.</param>
/// <param name="Latest">The time of each user's latest interaction; empty where times were not asked for.</param>
public sealed record TouchedRange(int First, int Count, long[] Offsets, int[] Items, long[] Latest)
{
    /// <summary>Those of some users who were there at a time or later: whom the model does not know was not. All where the time is "".</summary>
    public int[] Since(ReadOnlySpan<int> users, string time)
    {
        if (time.Length == 0) return users.ToArray();
        long earliest = Moment.Parse(time)!.Value;
        return [.. users.ToArray().Where(user => user >= First && Latest[user - First] >= earliest)];
    }

    /// <summary>A user's items.</summary>
    public ExcludedItems Seen => user => Items.AsSpan((int)Offsets[user - First], (int)(Offsets[user - First + 1] - Offsets[user - First]));
}
