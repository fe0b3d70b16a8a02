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
        return Of(prepared, (int)prepared.Directory.Manifest.Rows["users"], rows, labels, avoidHeldOut ? [prepared.ReadHeldOut("validation"), prepared.ReadHeldOut("test")] : []);
    }

    /// <summary>Reads a worker's rows of a prepared directory: those of its shards alone. Users have the numbers that <see cref="WorkerShare"/> gives them.</summary>
    /// <param name="prepared">The directory.</param>
    /// <param name="avoidHeldOut">Whether held-out items are never drawn as negatives, too.</param>
    /// <param name="share">The worker's users.</param>
    public static TrainingSet Read(PreparedData prepared, bool avoidHeldOut, WorkerShare share)
    {
        (InteractionRows rows, int[] labels) = prepared.ReadTrain(Enumerable.Range(0, share.ShardCount).Select(share.Shard));
        IEnumerable<InteractionRows> heldOut = avoidHeldOut ? [HeldOutOf("validation"), HeldOutOf("test")] : [];
        return Of(prepared, share.UserCount((int)prepared.Directory.Manifest.Rows["users"]), rows with { Users = Array.ConvertAll(rows.Users, share.Local) }, labels, [.. heldOut]);

        InteractionRows HeldOutOf(string part) => share.RowsOf(prepared.ReadHeldOut(part));
    }

    private static TrainingSet Of(PreparedData prepared, int userCount, InteractionRows rows, int[] labels, InteractionRows[] heldOut)
    {
        (int[] users, int[] items) = Positives(rows, labels);
        return new TrainingSet
        {
            UserCount = userCount,
            ItemCount = (int)prepared.Directory.Manifest.Rows["items"],
            Rows = rows,
            Labels = labels,
            Avoided = InteractionLists.FromRows(userCount, [.. users, .. heldOut.SelectMany(part => part.Users)], [.. items, .. heldOut.SelectMany(part => part.Items)]).Sorted(),
        };
    }

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
