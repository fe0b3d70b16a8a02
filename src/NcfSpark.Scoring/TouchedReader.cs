using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// What users have touched, by ranges of users that fit into a fixed memory: the prepared rows are read once for each
/// range, a row group at a time. Most data is one range; a billion interactions are a dozen.
/// </summary>
public sealed class TouchedReader
{
    private const long BytesOfRange = 256 << 20;

    private readonly PreparedData prepared;
    private readonly int[] touched; // by user
    private readonly InteractionLists? disliked;
    private readonly UserPools? pools;
    private readonly bool times;
    private readonly int threads;
    private readonly long rowsOfRange;

    /// <param name="users">The prepared users, with their training interactions. A model that was trained again on everything counts others.</param>
    /// <param name="pools">Receives each user's latest items as their range is read; null where users have no history.</param>
    /// <param name="latest">Whether the time of each user's latest interaction is asked for.</param>
    public TouchedReader(PreparedData prepared, IdTable users, UserPools? pools, bool latest, int threads, long bytes = BytesOfRange)
    {
        (this.prepared, this.pools, times, touched, this.threads) = (prepared, pools, latest || pools is not null, [.. users.Interactions], threads);
        InteractionRows dislikes = prepared.ReadDisliked(later: true);
        disliked = dislikes.Count == 0 ? null : InteractionLists.FromRows(users.Count, dislikes.Users, dislikes.Items);
        rowsOfRange = bytes / (times ? sizeof(int) + sizeof(long) : sizeof(int));
        foreach (Array[] group in HeldOut(("user_index", typeof(int))))
        {
            foreach (int user in (int[])group[0]) touched[user]++;
        }
    }

    /// <summary>Reads the ranges one after the other. Each is of use until the next is asked for.</summary>
    public IEnumerable<TouchedRange> Ranges()
    {
        for (int first = 0, end; first < touched.Length; first = end)
        {
            long rows = touched[first];
            for (end = first + 1; end < touched.Length && rows + touched[end] <= rowsOfRange; end++) rows += touched[end];
            yield return Read(first, end - first);
        }
    }

    /// <summary>The time of each item's first or last interaction; null for an item without any.</summary>
    public long?[] ItemTimes(int itemCount, bool first)
    {
        var times = new long?[itemCount];
        foreach (Array[] group in Rows(("item_index", typeof(int)), ("timestamp", typeof(long))))
        {
            (int[] items, long[] at) = ((int[])group[0], (long[])group[1]);
            for (int row = 0; row < items.Length; row++)
            {
                ref long? known = ref times[items[row]];
                if (known is null || (first ? at[row] < known : at[row] > known)) known = at[row];
            }
        }

        return times;
    }

    /// <summary>
    /// What each item weighs by its interactions, which count half as much with every half-life before the latest of all. Summed as whole numbers of
    /// 2^-32, so that the order of rows does not matter.
    /// </summary>
    public float[] Trend(int itemCount, double halfLifeDays)
    {
        long latest = long.MinValue;
        foreach (Array[] group in Rows(("timestamp", typeof(long)))) latest = Math.Max(latest, ((long[])group[0]).Append(long.MinValue).Max());
        long[] sums = new long[itemCount];
        foreach (Array[] group in Rows(("item_index", typeof(int)), ("timestamp", typeof(long))))
        {
            (int[] items, long[] at) = ((int[])group[0], (long[])group[1]);
            for (int row = 0; row < items.Length; row++)
            {
                sums[items[row]] += (long)(Math.Pow(2, -(latest - at[row]) / (halfLifeDays * 86_400)) * (1L << 32));
            }
        }

        return Array.ConvertAll(sums, sum => (float)(sum / (double)(1L << 32)));
    }

    private TouchedRange Read(int first, int count)
    {
        long[] offsets = new long[count + 1];
        for (int u = 0; u < count; u++) offsets[u + 1] = offsets[u] + touched[first + u] + DislikedOf(first + u).Length;
        int[] items = new int[offsets[^1]];
        long[] at = times ? new long[items.Length] : [], next = offsets[..^1];
        (string, Type)[] columns = [("user_index", typeof(int)), ("item_index", typeof(int)),
            .. times ? [("timestamp", typeof(long))] : Array.Empty<(string, Type)>()];
        // A user's rows come in any order, and are sorted below: which thread reads which group changes nothing.
        void Gather(Array[] group, int[]? labels)
        {
            (int[] users, int[] groupItems) = ((int[])group[0], (int[])group[1]);
            for (int row = 0; row < users.Length; row++)
            {
                int u = users[row] - first;
                if ((uint)u >= (uint)count || (labels is not null && labels[row] != 1)) continue;
                long place = Interlocked.Increment(ref next[u]) - 1;
                if (place >= offsets[u + 1] - DislikedOf(first + u).Length) throw Unfit();
                items[place] = groupItems[row];
                if (times) at[place] = ((long[])group[2])[row];
            }
        }

        ParquetGroups.ForEach(prepared.Directory.File("train"), threads, group => Gather(group, (int[])group[^1]), [.. columns, ("label", typeof(int))]);
        foreach (string part in HeldOutParts) ParquetGroups.ForEach(prepared.Directory.File(part), threads, group => Gather(group, null), columns);

        for (int u = 0; u < count; u++)
        {
            if (next[u] != offsets[u + 1] - DislikedOf(first + u).Length) throw Unfit();
        }

        long[] latest = times ? new long[count] : [];
        int[] latestItems = times ? new int[count] : [];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, u =>
        {
            // Dislikes come after what the user did, of which alone the history is, and are left out of lists like that.
            ReadOnlySpan<int> dislikes = DislikedOf(first + u);
            var (start, length) = ((int)offsets[u], (int)(offsets[u + 1] - offsets[u]) - dislikes.Length);
            Span<int> own = items.AsSpan(start, length);
            if (times)
            {
                (latest[u], latestItems[u]) = (long.MinValue, -1);
                for (int row = start; row < start + length; row++)
                {
                    if (at[row] < latest[u] || (at[row] == latest[u] && latestItems[u] >= 0 && latestItems[u] < items[row])) continue;
                    (latest[u], latestItems[u]) = (at[row], items[row]);
                }

                pools?.SetLatest(first + u, own, at.AsSpan(start, length));
            }

            dislikes.CopyTo(items.AsSpan(start + length));
            items.AsSpan(start, length + dislikes.Length).Sort();
        });
        return new TouchedRange(first, count, offsets, items, latest) { Disliked = DislikedOf, LatestItems = latestItems };
    }

    private ReadOnlySpan<int> DislikedOf(int user) => disliked is null ? [] : disliked[user];

    private InvalidInputException Unfit() =>
        new($"{prepared.Directory.Path}: its rows do not add up to the interactions that its users have. Run `prepare` (or `nightly`) again.");

    // Positives and held-out rows; of the training rows only the columns asked for and the label are read.
    private IEnumerable<Array[]> Rows(params (string Name, Type Type)[] columns)
    {
        foreach (Array[] group in ParquetGroups.Read(prepared.Directory.File("train"), [.. columns, ("label", typeof(int))]))
        {
            int[] labels = (int[])group[^1];
            int positives = 0;
            for (int row = 0; row < labels.Length; row++)
            {
                if (labels[row] != 1) continue;
                for (int c = 0; c < columns.Length; c++)
                {
                    if (group[c] is int[] integers) integers[positives] = integers[row];
                    else ((long[])group[c])[positives] = ((long[])group[c])[row];
                }

                positives++;
            }

            yield return [.. group[..^1].Select(column => column is int[] integers ? (Array)integers[..positives] : ((long[])column)[..positives])];
        }

        foreach (Array[] group in HeldOut(columns)) yield return group;
    }

    private IEnumerable<Array[]> HeldOut(params (string Name, Type Type)[] columns) =>
        HeldOutParts.SelectMany(part => ParquetGroups.Read(prepared.Directory.File(part), columns));

    private IEnumerable<string> HeldOutParts => new[] { "validation", "test" }.Where(part => prepared.Directory.Manifest.Rows.GetValueOrDefault(part) > 0);
}

/// <summary>What a range of neighbouring users have touched, in training or held out.</summary>
/// <param name="Offsets">Their lists one after the other: user First + u has Items[Offsets[u] … Offsets[u + 1] - 1].</param>
/// <param name="Items">Item indexes, within a user rising.</param>
/// <param name="Latest">The time of each user's latest interaction; empty where times were not asked for.</param>
public sealed record TouchedRange(int First, int Count, long[] Offsets, int[] Items, long[] Latest)
{
    /// <summary>Those of some users who were there at a time or later: whom the model does not know was not. All where the time is "".</summary>
    public int[] Since(ReadOnlySpan<int> users, string time)
    {
        if (time.Length == 0) return users.ToArray();
        long earliest = TimestampText.Parse(time)!.Value;
        return [.. users.ToArray().Where(user => user >= First && Latest[user - First] >= earliest)];
    }

    /// <summary>What users dislike, of their items.</summary>
    public ExcludedItems Disliked { get; init; } = _ => [];

    /// <summary>The item that each user used last, -1 for none; empty where times were not asked for. Of equal times the first by index.</summary>
    public int[] LatestItems { get; init; } = [];

    /// <summary>All that lists look at.</summary>
    public UserPast Past => new(Seen) { Disliked = Disliked, Latest = user => LatestItems.Length == 0 ? -1 : LatestItems[user - First] };

    /// <summary>A user's items.</summary>
    public ExcludedItems Seen => user => Items.AsSpan((int)Offsets[user - First], (int)(Offsets[user - First + 1] - Offsets[user - First]));
}
