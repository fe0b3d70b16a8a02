namespace NcfSpark.Scoring;

/// <summary>
/// Pairs in batches of about half a million, so that the pairs of a user meet: what the model makes of a user's history
/// costs as much as scoring thousands of items. A batch is read while the one before it is scored. Its ids have the
/// type in which they are written.
/// </summary>
/// <param name="numericUsers">Whether users' ids are long.</param>
/// <param name="numericItems">Whether items' ids are.</param>
internal sealed class PairBatches(PairList pairs, bool numericUsers, bool numericItems)
{
    private const int Pairs = 1 << 19;

    /// <summary>Ids of users and of items: arrays of long or string.</summary>
    public IEnumerable<(Array Users, Array Items)> Read()
    {
        using IEnumerator<(Array Users, Array Items)> batches = Batches().GetEnumerator();
        Task<bool> next = Task.Run(batches.MoveNext);
        try
        {
            while (next.GetAwaiter().GetResult())
            {
                (Array Users, Array Items) batch = batches.Current;
                next = Task.Run(batches.MoveNext);
                yield return batch;
            }
        }
        finally
        {
            Task.WaitAny([next]); // whatever happened, nothing reads of what is closed
        }
    }

    private IEnumerable<(Array Users, Array Items)> Batches()
    {
        (List<Array> users, List<Array> items, int count) = ([], [], 0);
        foreach (Array[] part in pairs.Parts)
        {
            users.Add(Ids(part[0], numericUsers));
            items.Add(Ids(part[1], numericItems));
            if ((count += part[0].Length) < Pairs) continue;
            yield return (Joined(users, count), Joined(items, count));
            users.Clear();
            items.Clear();
            count = 0;
        }

        if (count > 0) yield return (Joined(users, count), Joined(items, count));
    }

    private static Array Ids(Array ids, bool numeric) => (ids, numeric) switch
    {
        (string[] texts, true) => Array.ConvertAll(texts, long.Parse),
        (long[] numbers, false) => Array.ConvertAll(numbers, number => number.ToString()),
        _ => ids,
    };

    private static Array Joined(List<Array> parts, int count)
    {
        if (parts.Count == 1) return parts[0];
        Array all = parts[0] is long[] ? new long[count] : new string[count];
        int at = 0;
        foreach (Array part in parts)
        {
            part.CopyTo(all, at);
            at += part.Length;
        }

        return all;
    }
}
