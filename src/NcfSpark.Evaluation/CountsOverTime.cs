using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Rows in the order of their times, and how often each item was used up to any moment. The counts after every so many rows are kept, so a question costs a
/// pass over the items and over the rows since the last kept ones.
/// </summary>
/// <example>
/// Rows (item, time) (2, 5), (0, 5), (2, 9) and a step of 2: kept after 2 rows {1, 0, 1}; up to moment 9 there is one row more, so {1, 0, 2}.
/// </example>
internal sealed class CountsOverTime
{
    private const int MostKept = 64;
    private const int MostKeptNumbers = 1 << 24; // of all kept counts: 64 MB, so wide catalogues keep fewer

    private readonly int[][] kept_SN; // by steps: counts among the first s · Step rows
    private readonly int itemCount;

    public CountsOverTime(InteractionRows rows, int itemCount)
    {
        this.itemCount = itemCount;
        (Times, Items) = ([.. rows.Timestamps], [.. rows.Items]);
        Array.Sort(Times, Items);
        Step = Times.Length / Math.Clamp(MostKeptNumbers / Math.Max(1, itemCount), 1, MostKept) + 1;
        kept_SN = new int[Times.Length / Step + 1][];
        int[] counts_N = new int[itemCount];
        for (int row = 0; row <= Times.Length; row++)
        {
            if (row % Step == 0) kept_SN[row / Step] = [.. counts_N];
            if (row < Times.Length) counts_N[Items[row]]++;
        }
    }

    /// <summary>Times of the rows, rising.</summary>
    public long[] Times { get; }

    /// <summary>Items of the rows, beside their times.</summary>
    public int[] Items { get; }

    /// <summary>How many rows lie between what is kept and what is kept next.</summary>
    public int Step { get; }

    /// <summary>Adds, for each item, its rows after one moment and up to another.</summary>
    public void AddBetween(long after, long upTo, Span<float> counts_N)
    {
        int from = UpTo(Times, after), to = UpTo(Times, upTo);
        ReadOnlySpan<int> before_N = kept_SN[from / Step], until_N = kept_SN[to / Step];
        for (int item = 0; item < itemCount; item++) counts_N[item] += until_N[item] - before_N[item];
        for (int row = to / Step * Step; row < to; row++) counts_N[Items[row]]++;
        for (int row = from / Step * Step; row < from; row++) counts_N[Items[row]]--;
    }

    /// <summary>How many of rising times are at a moment or before it.</summary>
    public static int UpTo(long[] times, long moment)
    {
        int low = 0, high = times.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (times[middle] <= moment) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
