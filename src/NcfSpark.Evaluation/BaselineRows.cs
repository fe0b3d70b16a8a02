using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>What baselines learn from: rows of training, and for each user the moment at which a list is made.</summary>
/// <remarks>
/// A user's moment is the time of the user's latest row here: nothing after it is known of the user, and counts by time take in what all users did up to
/// then, never later. Where all rows that are asked about come after all rows here (a split by time), the moment of every user is the latest time here.
/// </remarks>
internal sealed class BaselineRows
{
    private readonly Lazy<CountsOverTime> counts;
    private readonly Lazy<int[]> laterRows;

    /// <param name="rows">Positives of training, in any order.</param>
    /// <param name="asked">The rows that are to be found again; only their earliest time is looked at.</param>
    public BaselineRows(int userCount, int itemCount, InteractionRows rows, InteractionRows asked)
    {
        (Rows, Popularity) = (rows, new float[itemCount]);
        Items = InteractionLists.FromRows(userCount, rows.Users, rows.Items);
        HasTimes = AreTimed(rows);
        Moments = new long[userCount];
        if (HasTimes)
        {
            long latest = rows.Timestamps.Max();
            Array.Fill(Moments, IsAfter(asked, rows) ? latest : long.MinValue);
            for (int row = 0; row < rows.Count; row++) Moments[rows.Users[row]] = Math.Max(Moments[rows.Users[row]], rows.Timestamps[row]);
            for (int user = 0; user < userCount; user++)
            {
                if (Moments[user] == long.MinValue) Moments[user] = latest; // of whom nothing is known: a list for now
            }
        }

        for (int row = 0; row < rows.Count; row++) Popularity[rows.Items[row]] += rows.Weights?[row] ?? 1;
        counts = new(() => new CountsOverTime(rows, itemCount));
        laterRows = new(CountLaterRows);
    }

    public int ItemCount => Popularity.Length;

    /// <summary>By item the number of rows, or what they weigh.</summary>
    public float[] Popularity { get; }

    public InteractionRows Rows { get; }

    /// <summary>By user the items, in the order of the rows.</summary>
    public InteractionLists Items { get; }

    /// <summary>Whether times tell anything: not all are the same.</summary>
    public bool HasTimes { get; }

    /// <summary>By user the moment of the list, in seconds since 1970.</summary>
    public long[] Moments { get; }

    /// <summary>Seconds from the first row to the last.</summary>
    public long Span => HasTimes ? Rows.Timestamps.Max() - Rows.Timestamps.Min() : 0;

    public CountsOverTime Counts => counts.Value;

    /// <summary>
    /// For each entry of <see cref="Items"/> the number of the user's rows that are later: 0 for the latest. Rows of one second share a place, so their
    /// order, which nobody knows, changes nothing.
    /// </summary>
    public int[] LaterRows => laterRows.Value;

    /// <summary>Whether rows were split by time: none of them is earlier than any of the others, and times tell anything.</summary>
    public static bool IsAfter(InteractionRows asked, InteractionRows rows) =>
        asked.Count > 0 && AreTimed(rows) && asked.Timestamps.Min() >= rows.Timestamps.Max();

    private static bool AreTimed(InteractionRows rows) => rows.Count > 0 && rows.Timestamps.Min() < rows.Timestamps.Max();

    private int[] CountLaterRows()
    {
        long[] next = Items.Offsets[..^1], times = new long[Rows.Count];
        for (int row = 0; row < Rows.Count; row++) times[next[Rows.Users[row]]++] = Rows.Timestamps[row];
        int[] later = new int[times.Length];
        for (int user = 0; user < Items.UserCount; user++)
        {
            (int from, int to) = ((int)Items.Offsets[user], (int)Items.Offsets[user + 1]);
            long[] sorted = times[from..to];
            Array.Sort(sorted);
            for (int place = from; place < to; place++) later[place] = sorted.Length - CountsOverTime.UpTo(sorted, times[place]);
        }

        return later;
    }
}
