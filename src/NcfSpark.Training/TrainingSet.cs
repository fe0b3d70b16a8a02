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

    /// <summary>For each user the distinct items touched in training, validation or test, in rising order: what is never drawn as a negative.</summary>
    public required InteractionLists Touched { get; init; }

    /// <summary>Reads a prepared directory.</summary>
    public static TrainingSet Read(PreparedData prepared)
    {
        int userCount = (int)prepared.Directory.Manifest.Rows["users"], itemCount = (int)prepared.Directory.Manifest.Rows["items"];
        (InteractionRows rows, int[] labels) = prepared.ReadTrain();
        (int[] users, int[] items) = Positives(rows, labels);
        InteractionRows validation = prepared.ReadHeldOut("validation"), test = prepared.ReadHeldOut("test");
        return new TrainingSet
        {
            UserCount = userCount,
            ItemCount = itemCount,
            Rows = rows,
            Labels = labels,
            Touched = InteractionLists.FromRows(userCount, [.. users, .. validation.Users, .. test.Users], [.. items, .. validation.Items, .. test.Items]).Sorted(),
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
