using NcfSpark.Data;

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
        int userCount = (int)prepared.Directory.Manifest.Rows["users"], itemCount = (int)prepared.Directory.Manifest.Rows["items"];
        (InteractionRows rows, int[] labels) = prepared.ReadTrain();
        (int[] users, int[] items) = Positives(rows, labels);
        return new TrainingSet
        {
            UserCount = userCount,
            ItemCount = itemCount,
            Rows = rows,
            Labels = labels,
            Avoided = avoidHeldOut ? prepared.ReadTouched() : InteractionLists.FromRows(userCount, users, items).Sorted(),
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
