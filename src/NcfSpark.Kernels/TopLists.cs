namespace NcfSpark.Kernels;

/// <summary>The best items of some users, at most K each, best first: higher scores before lower ones, equal scores by item index, never NaN.</summary>
public sealed class TopLists
{
    private readonly int[] counts;
    private readonly int[] items;
    private readonly float[] scores;

    /// <param name="users">Room for so many users.</param>
    /// <param name="k">K, from 1.</param>
    public TopLists(int users, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        (K, counts, items, scores) = (k, new int[users], new int[checked(users * k)], new float[users * k]);
    }

    public int K { get; }

    /// <summary>For how many users there is room.</summary>
    public int Capacity => counts.Length;

    /// <summary>Item indexes of the user at a place of the call that filled it, fewer than K where there are no more.</summary>
    public ReadOnlySpan<int> Items(int place) => items.AsSpan(place * K, counts[place]);

    /// <summary>Their probabilities.</summary>
    public ReadOnlySpan<float> Scores(int place) => scores.AsSpan(place * K, counts[place]);

    internal void Set(int place, ReadOnlySpan<KeptItem> kept)
    {
        counts[place] = kept.Length;
        int at = place * K;
        foreach (KeptItem one in kept) (items[at], scores[at++]) = (one.Item, one.Score);
    }
}
