using NcfSpark.Data;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training;

/// <summary>What is trained on.</summary>
public sealed record TrainingSet
{
    public required int UserCount { get; init; }

    public required int ItemCount { get; init; }

    /// <summary>Training rows in one order, whoever wrote them: positives alone, or with their stored negatives.</summary>
    public required InteractionRows Rows { get; init; }

    /// <summary>For each row 1 (seen) or 0 (sampled).</summary>
    public required int[] Labels { get; init; }

    /// <summary>For each user the distinct items that are never drawn as a negative, in rising order: those of training, with or without the held-out ones.</summary>
    public required InteractionLists Avoided { get; init; }

    /// <summary>Reads a prepared directory.</summary>
    /// <param name="prepared">The directory.</param>
    /// <param name="avoidHeldOut">Whether held-out items are never drawn as negatives, too (Prepare:NegativesAvoid "touched").</param>
    public static TrainingSet Read(PreparedData prepared, bool avoidHeldOut)
    {
        (InteractionRows rows, int[] labels) = prepared.ReadTrain();
        return Of((int)prepared.Directory.Manifest.Rows["users"], ItemsOf(prepared), rows, labels, avoidHeldOut ? [prepared.ReadHeldOut("validation"), prepared.ReadHeldOut("test")] : []);
    }

    /// <summary>Reads a worker's rows of a prepared directory: those of its shards alone. Users have the numbers that <see cref="WorkerShare"/> gives them.</summary>
    /// <param name="prepared">The directory.</param>
    /// <param name="avoidHeldOut">Whether held-out items are never drawn as negatives, too.</param>
    /// <param name="share">The worker's users.</param>
    public static TrainingSet Read(PreparedData prepared, bool avoidHeldOut, WorkerShare share)
    {
        (InteractionRows rows, int[] labels) = prepared.ReadTrain(Enumerable.Range(0, share.ShardCount).Select(share.Shard));
        IEnumerable<InteractionRows> heldOut = avoidHeldOut ? [HeldOutOf("validation"), HeldOutOf("test")] : [];
        return Of(share.UserCount((int)prepared.Directory.Manifest.Rows["users"]), ItemsOf(prepared), rows with { Users = Array.ConvertAll(rows.Users, share.Local) }, labels, [.. heldOut]);

        InteractionRows HeldOutOf(string part) => share.RowsOf(prepared.ReadHeldOut(part));
    }

    /// <summary>Of rows that are there already.</summary>
    /// <param name="userCount">How many users there are.</param>
    /// <param name="itemCount">How many items.</param>
    /// <param name="rows">In the order of <see cref="PreparedData.ReadTrain"/>.</param>
    /// <param name="labels">For each row 1 (seen) or 0 (sampled).</param>
    /// <param name="heldOut">What is never drawn as a negative, beside what was trained on.</param>
    public static TrainingSet Of(int userCount, int itemCount, InteractionRows rows, int[] labels, IReadOnlyList<InteractionRows> heldOut)
    {
        (int[] users, int[] items) = Positives(rows, labels);
        return new TrainingSet
        {
            UserCount = userCount,
            ItemCount = itemCount,
            Rows = rows,
            Labels = labels,
            Avoided = InteractionLists.FromRows(userCount, [.. users, .. heldOut.SelectMany(part => part.Users)], [.. items, .. heldOut.SelectMany(part => part.Items)]).Sorted(),
        };
    }

    /// <summary>
    /// Reads everything that a prepared directory knows, what was held out as well, each as one more positive. Where negatives are stored, each of those
    /// gets as many of its own, drawn by the same rule.
    /// </summary>
    /// <param name="prepared">The directory.</param>
    /// <param name="storedNegatives">How many; 0 where they are drawn afresh.</param>
    /// <param name="seed">Seeds them.</param>
    public static TrainingSet ReadWhole(PreparedData prepared, int storedNegatives, long seed)
    {
        (InteractionRows train, int[] labels) = prepared.ReadTrain();
        InteractionLists touched = prepared.ReadTouched();
        int itemCount = (int)prepared.Directory.Manifest.Rows["items"];
        List<int> users = [.. train.Users], items = [.. train.Items], allLabels = [.. labels];
        List<long> timestamps = [.. train.Timestamps];
        using var sampler = new NegativeSampler(touched, itemCount);
        RandomStream draws = RandomStream.Named(seed, "negatives of what was held out");
        foreach (InteractionRows heldOut in new[] { prepared.ReadHeldOut("validation"), prepared.ReadHeldOut("test") })
        {
            for (int row = 0; row < heldOut.Count; row++)
            {
                (int user, long timestamp, int untouched) = (heldOut.Users[row], heldOut.Timestamps[row], sampler.UntouchedCount(heldOut.Users[row]));
                Add(user, heldOut.Items[row], 1, timestamp);
                for (int n = 0; n < storedNegatives && untouched > 0; n++) Add(user, sampler.Untouched(user, (int)draws.Below(users.Count, untouched)), 0, timestamp);
            }
        }

        return new TrainingSet { UserCount = touched.UserCount, ItemCount = itemCount, Rows = new([.. users], [.. items], [.. timestamps]), Labels = [.. allLabels], Avoided = touched };

        void Add(int user, int item, int label, long timestamp)
        {
            users.Add(user);
            items.Add(item);
            allLabels.Add(label);
            timestamps.Add(timestamp);
        }
    }

    private static int ItemsOf(PreparedData prepared) => (int)prepared.Directory.Manifest.Rows["items"];

    /// <summary>The users and items of the rows with label 1, in their order.</summary>
    public static (int[] Users, int[] Items) Positives(InteractionRows rows, int[] labels)
    {
        int count = labels.Count(label => label == 1), next = 0;
        int[] users = new int[count], items = new int[count];
        for (int row = 0; row < labels.Length; row++)
        {
            if (labels[row] == 1) (users[next], items[next++]) = (rows.Users[row], rows.Items[row]);
        }

        return (users, items);
    }
}
