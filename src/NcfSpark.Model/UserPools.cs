using NcfSpark.Core;

namespace NcfSpark.Model;

/// <summary>
/// The latest items of each user (the user's pool), from which a model with a user history or with attention computes
/// the user's vector.
/// Example, K = 3: a user who used item 7, then 2, has the pool 2, 7, -1.
/// </summary>
/// <param name="Length">K, the most items of a pool.</param>
/// <param name="Items_UK">Item indexes, latest first, K for each user; -1 where there are fewer.</param>
public sealed record UserPools(int Length, int[] Items_UK)
{
    /// <summary>
    /// When each item of <see cref="Items_UK"/> was used, in seconds; 0 where there is none. Empty if the model does not
    /// look at these times.
    /// </summary>
    public long[] Times_UK { get; init; } = [];

    /// <summary>Each user's <see cref="TemporalFeatures"/>; 0 if times are not known.</summary>
    public uint[] TemporalFeatures_U { get; } = new uint[Items_UK.Length / Length];

    /// <summary>The moment that each user is asked about, in seconds; null: it is not told. Only a model with attention looks at it.</summary>
    public long[]? Moments_U { get; init; }

    /// <summary>A user's one of <see cref="Moments_U"/>: never earlier than the latest item.</summary>
    public long? MomentOf(int user) =>
        Moments_U is not { } moments ? null : TimesOf(user) is [var latest, ..] ? Math.Max(latest, moments[user]) : moments[user];

    /// <summary>The items of a user's pool, latest first.</summary>
    public ReadOnlySpan<int> this[int user]
    {
        get
        {
            ReadOnlySpan<int> items = Items_UK.AsSpan(user * Length, Length);
            int end = items.IndexOf(-1);
            return end < 0 ? items : items[..end];
        }
    }

    /// <summary>The times of the items of a user's pool, latest first; none if the model does not look at times.</summary>
    public ReadOnlySpan<long> TimesOf(int user) => Times_UK.Length == 0 ? [] : Times_UK.AsSpan(user * Length, this[user].Length);

    /// <summary>Empty pools.</summary>
    /// <param name="length">The most items of a pool.</param>
    /// <param name="keepTimes">Whether the model looks at the items' times.</param>
    public static UserPools Empty(int userCount, int length, bool keepTimes)
    {
        int[] pools = new int[checked(userCount * length)];
        Array.Fill(pools, -1);
        return new UserPools(length, pools) { Times_UK = keepTimes ? new long[pools.Length] : [] };
    }

    /// <summary>The pools of users whose items are given in order of time.</summary>
    /// <param name="length">The most items of a pool.</param>
    /// <param name="times">The times of all items; empty if they are not known.</param>
    /// <param name="keepTimes">Whether the model looks at the items' times.</param>
    public static UserPools Latest(InteractionLists byTime, int length, ReadOnlySpan<long> times = default, bool keepTimes = false)
    {
        UserPools latest = Empty(byTime.UserCount, length, keepTimes);
        for (int user = 0; user < byTime.UserCount; user++)
        {
            ReadOnlySpan<int> items = byTime[user];
            for (int k = 0; k < Math.Min(length, items.Length); k++) latest.Items_UK[user * length + k] = items[^(k + 1)];
            if (times.IsEmpty) continue;
            ReadOnlySpan<long> own = times[(int)byTime.Offsets[user]..(int)byTime.Offsets[user + 1]];
            latest.TemporalFeatures_U[user] = TemporalFeatures.Of(own);
            for (int k = 0; keepTimes && k < Math.Min(length, own.Length); k++) latest.Times_UK[user * length + k] = own[^(k + 1)];
        }

        return latest;
    }

    /// <summary>The pools of users whose rows are given in any order.</summary>
    public static UserPools Latest(int userCount, InteractionRows rows, int length, bool keepTimes = false)
    {
        InteractionLists byTime = InOrder(userCount, rows);
        return Latest(byTime.Select(row => rows.Items[row]), length, Array.ConvertAll(byTime.Items, row => rows.Timestamps[row]), keepTimes);
    }

    /// <summary>Sets a user's pool to the latest of their items, given in any order with their times.</summary>
    public void SetLatest(int user, ReadOnlySpan<int> items, ReadOnlySpan<long> timestamps)
    {
        RandomStream ties = Ties;
        var keys = new (long Time, ulong Tie)[items.Length];
        for (int row = 0; row < keys.Length; row++) keys[row] = (timestamps[row], ties.Bits(((long)user << 32) | (uint)items[row]));
        int[] byTime = items.ToArray();
        Array.Sort(keys, byTime);
        Span<int> pool = Items_UK.AsSpan(user * Length, Length);
        pool.Fill(-1);
        Span<long> times = Times_UK.Length > 0 ? Times_UK.AsSpan(user * Length, Length) : [];
        times.Clear();
        int count = Math.Min(Length, byTime.Length);
        for (int k = 0; k < count; k++) pool[k] = byTime[^(k + 1)];
        for (int k = 0; k < count && !times.IsEmpty; k++) times[k] = keys[^(k + 1)].Time;
        TemporalFeatures_U[user] = TemporalFeatures.Of(Array.ConvertAll(keys, key => key.Time));
    }

    private static RandomStream Ties => RandomStream.Named(0, "ties of histories");

    /// <summary>
    /// For each user the places of their rows in the order in which a user's history is read: by time, and rows of one time
    /// in a random order, which is a hash of user and item. An order by id would let a model learn what comes next; a hash
    /// does not.
    /// </summary>
    /// <param name="labels">Of the rows, those that are kept have 1; all are kept where this is empty.</param>
    public static InteractionLists InOrder(int userCount, InteractionRows rows, ReadOnlySpan<int> labels = default)
    {
        RandomStream ties = Ties;
        InteractionLists places = InteractionLists.PlacesOf(userCount, rows.Users, labels);
        Parallel.For(0, userCount, user =>
        {
            Span<int> own = places.Items.AsSpan((int)places.Offsets[user], places[user].Length);
            var keys = new (long Time, ulong Tie, int Row)[own.Length]; // of one pair twice the earlier row comes first
            for (int k = 0; k < keys.Length; k++) keys[k] = (rows.Timestamps[own[k]], ties.Bits(((long)user << 32) | (uint)rows.Items[own[k]]), own[k]);
            Array.Sort(keys);
            for (int k = 0; k < keys.Length; k++) own[k] = keys[k].Row;
        });
        return places;
    }
}

/// <summary>
/// The shares of the items of a pool, latest first: a_k = e^(-(k - 1) / decay), divided by their sum over the items in
/// the pool.
/// Example, decay 3: alone 1; two items .583, .417; three .447, .320, .230... of which each is e^(-1/3) times the one
/// before.
/// </summary>
public static class PoolShares
{
    /// <summary>
    /// A row for each number of items from 0 to <paramref name="length"/>, of <paramref name="length"/> shares each.
    /// </summary>
    public static float[][] Of(int length, double decay) => [.. Enumerable.Range(0, length + 1).Select(count =>
    {
        double sum = Enumerable.Range(0, count).Sum(k => Math.Exp(-k / decay));
        return Enumerable.Range(0, length).Select(k => k < count ? (float)(Math.Exp(-k / decay) / sum) : 0).ToArray();
    })];
}
