using NcfSpark.Core;
using NcfSpark.Kernels;
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

    /// <summary>
    /// For each user the distinct items that are never drawn as a negative, in rising order: those of training, with or
    /// without the held-out ones.
    /// </summary>
    public required InteractionLists Avoided { get; init; }

    /// <summary>For each user the items that they dislike: negatives that are drawn in every epoch. null where there are none.</summary>
    public InteractionLists? Disliked { get; init; }

    /// <summary>The features of items; null where these are not trained on.</summary>
    public FeatureLists? Features { get; init; }

    /// <summary>Reads a prepared directory.</summary>
    /// <param name="avoidHeldOut">Whether held-out items are never drawn as negatives, too (Prepare:NegativesAvoid "touched").</param>
    public static TrainingSet Read(PreparedData prepared, bool avoidHeldOut)
    {
        (InteractionRows rows, int[] labels) = prepared.ReadTrain();
        IReadOnlyList<InteractionRows> heldOut = avoidHeldOut ? [prepared.ReadHeldOut("validation"), prepared.ReadHeldOut("test")] : [];
        return Of((int)prepared.Directory.Manifest.Rows["users"], ItemsOf(prepared), rows, labels, heldOut).WithDisliked(prepared.ReadDisliked(later: false));
    }

    /// <summary>
    /// Reads a worker's rows of a prepared directory: those of its shards alone. Users have the numbers that
    /// <see cref="WorkerShare"/> gives them.
    /// </summary>
    /// <param name="avoidHeldOut">Whether held-out items are never drawn as negatives, too.</param>
    public static TrainingSet Read(PreparedData prepared, bool avoidHeldOut, WorkerShare share)
    {
        (InteractionRows rows, int[] labels) = prepared.ReadTrain(Enumerable.Range(0, share.ShardCount).Select(share.Shard));
        IEnumerable<InteractionRows> heldOut = avoidHeldOut ? [HeldOutOf("validation"), HeldOutOf("test")] : [];
        return Of(
            share.UserCount((int)prepared.Directory.Manifest.Rows["users"]), ItemsOf(prepared), rows with { Users = Array.ConvertAll(rows.Users, share.Local) },
            labels, [.. heldOut]).WithDisliked(share.RowsOf(prepared.ReadDisliked(later: false)));

        InteractionRows HeldOutOf(string part) => share.RowsOf(prepared.ReadHeldOut(part));
    }

    /// <summary>Of rows that are there already.</summary>
    /// <param name="rows">In the order of <see cref="PreparedData.ReadTrain"/>.</param>
    /// <param name="labels">For each row 1 (seen) or 0 (sampled).</param>
    /// <param name="heldOut">What is never drawn as a negative, beside what was trained on.</param>
    public static TrainingSet Of(int userCount, int itemCount, InteractionRows rows, int[] labels, IReadOnlyList<InteractionRows> heldOut)
    {
        InteractionLists avoided = InteractionLists.FromParts(
            userCount, [Positives(rows, labels), .. heldOut.Select(part => (part.Users, part.Items))]);
        avoided.Sort();
        LargeGarbage.FreeAfter(rows.Count);
        return new TrainingSet
        {
            UserCount = userCount,
            ItemCount = itemCount,
            Rows = rows,
            Labels = labels,
            Avoided = avoided,
        };
    }

    /// <summary>
    /// Reads everything that a prepared directory knows, what was held out as well, each as one more positive. Where negatives are stored, each of those
    /// gets as many of its own, drawn by the same rule.
    /// </summary>
    /// <param name="storedNegatives">How many; 0 where they are drawn afresh.</param>
    public static TrainingSet ReadWhole(PreparedData prepared, int storedNegatives, long seed) =>
        Read(prepared, avoidHeldOut: true).WithHeldOut([prepared.ReadHeldOut("validation"), prepared.ReadHeldOut("test")], storedNegatives, seed)
            .WithDisliked(prepared.ReadDisliked(later: true));

    /// <summary>The same set with these dislikes. Users have the numbers that they have here.</summary>
    public TrainingSet WithDisliked(InteractionRows rows) => this with
    {
        Disliked = rows.Count == 0 ? null : InteractionLists.FromRows(UserCount, rows.Users, rows.Items).Sorted(),
    };

    /// <summary>The same set, which draws no held-out item, with held-out rows as further positives.</summary>
    /// <param name="heldOut">In the order of <see cref="PreparedData.ReadHeldOut"/>.</param>
    /// <param name="storedNegatives">Number of negatives drawn for each of them; 0 where negatives are drawn afresh each epoch.</param>
    public TrainingSet WithHeldOut(IReadOnlyList<InteractionRows> heldOut, int storedNegatives, long seed)
    {
        using var sampler = new NegativeSampler(Avoided, ItemCount);
        int NegativesOf(int user) => sampler.UntouchedCount(user) > 0 ? storedNegatives : 0;
        int next = Rows.Count, count = next + heldOut.Sum(part => part.Users.Sum(user => 1 + NegativesOf(user)));
        int[] users = Longer(Rows.Users), items = Longer(Rows.Items), allLabels = Longer(Labels);
        long[] timestamps = Longer(Rows.Timestamps);
        float[]? weights = Rows.Weights is null ? null : Longer(Rows.Weights);
        RandomStream draws = RandomStream.Named(seed, "negatives of what was held out");
        foreach (InteractionRows part in heldOut)
        {
            for (int row = 0; row < part.Count; row++)
            {
                (int user, long timestamp, int untouched) = (part.Users[row], part.Timestamps[row], sampler.UntouchedCount(part.Users[row]));
                float weight = part.Weights?[row] ?? 1;
                Add(user, part.Items[row], 1, timestamp, weight);
                for (int n = 0; n < NegativesOf(user); n++)
                {
                    Add(user, sampler.Untouched(user, (int)draws.Below(next, untouched)), 0, timestamp, weight);
                }
            }
        }

        return this with { Rows = new(users, items, timestamps) { Weights = weights }, Labels = allLabels };

        T[] Longer<T>(T[] column)
        {
            var longer = new T[count];
            column.CopyTo(longer, 0);
            return longer;
        }

        void Add(int user, int item, int label, long timestamp, float weight)
        {
            (users[next], items[next], allLabels[next], timestamps[next]) = (user, item, label, timestamp);
            if (weights is not null) weights[next] = weight;
            next++;
        }
    }

    /// <summary>A worker's rows of this set. Users have the numbers that <see cref="WorkerShare"/> gives them.</summary>
    public TrainingSet Of(WorkerShare share)
    {
        int[] own = [.. Enumerable.Range(0, Rows.Count).Where(row => share.Owns(Rows.Users[row]))];
        InteractionRows rows = share.RowsOf(Rows);
        int userCount = share.UserCount(UserCount);
        int[] users = [.. Enumerable.Range(0, userCount).SelectMany(user => Enumerable.Repeat(user, Avoided[share.Global(user)].Length))];
        int[] items = [.. Enumerable.Range(0, userCount).SelectMany(user => Avoided[share.Global(user)].ToArray())];
        return this with
        {
            UserCount = userCount,
            Rows = rows,
            Labels = Array.ConvertAll(own, row => Labels[row]),
            Avoided = InteractionLists.FromRows(userCount, users, items),
            Disliked = Disliked is null ? null : InteractionLists.FromRows(
                userCount,
                [.. Enumerable.Range(0, userCount).SelectMany(user => Enumerable.Repeat(user, Disliked[share.Global(user)].Length))],
                [.. Enumerable.Range(0, userCount).SelectMany(user => Disliked[share.Global(user)].ToArray())]),
        };
    }

    /// <summary>The positives as a matrix: of each user the items, with what they weigh (Input:WeightColumn, such as a rating), else 1.</summary>
    public InteractionMatrix Interactions()
    {
        int[] positives = [.. Enumerable.Range(0, Rows.Count).Where(row => Labels[row] == 1)];
        InteractionRows rows = Rows.Take(positives);
        return InteractionMatrix.Of(UserCount, ItemCount, rows.Users, rows.Items, rows.Weights ?? [.. Enumerable.Repeat(1f, rows.Count)]);
    }

    /// <summary>The features of the items of a prepared directory; null where it has none.</summary>
    /// <param name="withHeldOut">Whether held-out rows are trained on, too.</param>
    public static FeatureLists? FeaturesOf(PreparedData prepared, bool withHeldOut)
    {
        if (!prepared.HasItemFeatures) return null;
        (InteractionLists ofItem, string[] names) = prepared.ReadItemFeatures();
        bool[] isTrained = Array.ConvertAll(prepared.ReadItems().Interactions, count => count > 0);
        foreach (string part in withHeldOut ? (string[])["validation", "test"] : [])
        {
            foreach (int item in prepared.ReadHeldOut(part).Items) isTrained[item] = true;
        }

        return new FeatureLists(names.Length, Array.ConvertAll(ofItem.Offsets, offset => (int)offset), ofItem.Items, isTrained);
    }

    private static int ItemsOf(PreparedData prepared) => (int)prepared.Directory.Manifest.Rows["items"];

    /// <summary>The users and items of the rows with label 1, in their order: the rows' own columns, where all have it.</summary>
    public static (int[] Users, int[] Items) Positives(InteractionRows rows, int[] labels)
    {
        int count = labels.Sum(), next = 0;
        if (count == labels.Length) return (rows.Users, rows.Items);
        int[] users = new int[count], items = new int[count];
        for (int row = 0; row < labels.Length; row++)
        {
            if (labels[row] == 1) (users[next], items[next++]) = (rows.Users[row], rows.Items[row]);
        }

        return (users, items);
    }
}
