namespace NcfSpark.Core;

/// <summary>
/// Reads a prepared directory. Engines write rows in any order; everything here comes in one order, so that what
/// is made from it is a function of the rows alone.
/// </summary>
public sealed class PreparedData(StageDirectory directory)
{
    public const string StageName = "prepared";

    /// <summary>Number of users with test rows, among the counts of the manifest; it is there where the split is by time.</summary>
    public const string TestUsers = "test_users";

    /// <summary>The part of what users dislike, and its number of rows among the counts; it is there where interactions have weights.</summary>
    public const string Disliked = "disliked";

    /// <summary>The part of items' features, and its number of rows among the counts; it is there where items have features.</summary>
    public const string ItemFeatures = "item_features";

    /// <summary>The part of the names of features.</summary>
    public const string FeatureNames = "item_feature_names";

    /// <summary>The number of items without training interactions, among the counts; there where items have features or some are hidden.</summary>
    public const string ColdItems = "cold_items";

    /// <summary>The number of users without training interactions, among the counts; there where some are hidden.</summary>
    public const string ColdUsers = "cold_users";

    public StageDirectory Directory { get; } = directory;

    /// <summary>Whether items have features.</summary>
    public bool HasItemFeatures => Directory.Manifest.Rows.ContainsKey(ItemFeatures);

    /// <summary>The features of each item, rising, and their names.</summary>
    public (InteractionLists OfItem, string[] Names) ReadItemFeatures()
    {
        string rows = Directory.File(ItemFeatures), names = Directory.File(FeatureNames);
        int[] items = ParquetColumns.Read<int>(rows, "item_index"), features = ParquetColumns.Read<int>(rows, "feature_index");
        return (InteractionLists.FromRows((int)Directory.Manifest.Rows["items"], items, features).Sorted(), ParquetColumns.ReadStrings(names, "name"));
    }

    /// <summary>Whether interactions differ in weight.</summary>
    public bool IsWeighted => Directory.Manifest.Rows.ContainsKey(Disliked);

    /// <summary>Whether what is tested is all that came from a moment on, and not each user's latest.</summary>
    public bool IsSplitByTime => Directory.Manifest.Rows.ContainsKey(TestUsers);

    /// <exception cref="InvalidInputException">See <see cref="StageDirectory.Open(string, string, IReadOnlyList{StageDirectory})"/>.</exception>
    public static PreparedData Open(string runDirectory) => new(StageDirectory.Open(runDirectory, StageName));

    /// <summary>The users by user_index.</summary>
    public IdTable ReadUsers() => ReadIds("users", "user_id", "user_index");

    /// <summary>The items by item_index, which is their order by falling popularity in training.</summary>
    public IdTable ReadItems() => ReadIds("items", "item_id", "item_index");

    /// <summary>Training rows by user, timestamp, item and label, and their labels: 1 seen, 0 sampled.</summary>
    /// <param name="shards">Of which shards; null for all.</param>
    public (InteractionRows Rows, int[] Labels) ReadTrain(IEnumerable<int>? shards = null) => TrainRows.Read(
        shards is null ? [Directory.File("train")]
            // A shard without rows has no folder.
            : [.. shards.Select(shard => Directory.File(Path.Combine("train", $"shard={shard}"))).Where(System.IO.Directory.Exists)],
        IsWeighted);

    /// <summary>Training rows that came in any order, in the one of <see cref="ReadTrain"/>.</summary>
    public static (InteractionRows Rows, int[] Labels) InTrainOrder(InteractionRows rows, int[] labels)
    {
        int[] order = OrderOf(rows.Users, row => TrainRows.KeyOf(rows, labels, row));
        return (rows.Take(order), Take(labels, order));
    }

    /// <summary>The held-out rows of "validation" or "test", by user and then latest first. Empty where the part does not exist.</summary>
    public InteractionRows ReadHeldOut(string part)
    {
        string path = Directory.File(part);
        if (Directory.Manifest.Rows.GetValueOrDefault(part) == 0) return new InteractionRows([], [], []);
        int[] users = ParquetColumns.Read<int>(path, "user_index"), items = ParquetColumns.Read<int>(path, "item_index");
        long[] timestamps = ParquetColumns.Read<long>(path, "timestamp");
        float[]? weights = WeightsOf(IsWeighted ? ParquetColumns.Read<double>(path, "weight") : null);
        return InHeldOutOrder(new InteractionRows(users, items, timestamps) { Weights = weights });
    }

    /// <summary>Held-out rows that came in any order, in the one of <see cref="ReadHeldOut"/>.</summary>
    public static InteractionRows InHeldOutOrder(InteractionRows rows) => rows.Take(OrderOf(rows.Users, row => (-rows.Timestamps[row], rows.Items[row])));

    /// <summary>The disliked pairs, with weights below 0, in the order of <see cref="ReadHeldOut"/>.</summary>
    /// <param name="later">Whether those are there, too, that do not train, since they came with what is held out.</param>
    public InteractionRows ReadDisliked(bool later)
    {
        if (Directory.Manifest.Rows.GetValueOrDefault(Disliked) == 0) return new InteractionRows([], [], []);
        string path = Directory.File(Disliked);
        var rows = new InteractionRows(ParquetColumns.Read<int>(path, "user_index"), ParquetColumns.Read<int>(path, "item_index"),
            ParquetColumns.Read<long>(path, "timestamp")) { Weights = WeightsOf(ParquetColumns.Read<double>(path, "weight")) };
        int[] parts = ParquetColumns.Read<int>(path, "part");
        return InHeldOutOrder(later ? rows : rows.Take([.. Enumerable.Range(0, rows.Count).Where(row => parts[row] == 0)]));
    }

    /// <summary>For each user the distinct items touched in training, validation or test, in rising order.</summary>
    public InteractionLists ReadTouched()
    {
        string train = Directory.File("train");
        int[] labels = ParquetColumns.Read<int>(train, "label");
        InteractionRows validation = ReadHeldOut("validation"), test = ReadHeldOut("test");
        int[] Touched(string column, int[] validated, int[] tested) =>
            [.. ParquetColumns.Read<int>(train, column).Where((_, row) => labels[row] == 1), .. validated, .. tested];
        return InteractionLists.FromRows((int)Directory.Manifest.Rows["users"], Touched("user_index", validation.Users, test.Users),
            Touched("item_index", validation.Items, test.Items)).Sorted();
    }

    /// <summary>
    /// The sampled candidates: for each row of "test", as <see cref="ReadHeldOut"/> gives them, the items it is ranked among. Empty lists
    /// where none were asked for.
    /// </summary>
    public InteractionLists ReadTestCandidates(InteractionRows test)
    {
        if (Directory.Manifest.Rows.GetValueOrDefault("test_candidates") == 0) return InteractionLists.FromRows(test.Count, [], []);
        string path = Directory.File("test_candidates");
        int[] users = ParquetColumns.Read<int>(path, "user_index"), heldOut = ParquetColumns.Read<int>(path, "test_item_index");
        int[] items = ParquetColumns.Read<int>(path, "item_index");
        var rowOf = new Dictionary<(int User, int Item), int>(test.Count);
        for (int row = 0; row < test.Count; row++) rowOf.Add((test.Users[row], test.Items[row]), row);
        int[] rows = new int[users.Length];
        for (int c = 0; c < rows.Length; c++) rows[c] = rowOf[(users[c], heldOut[c])];
        return InteractionLists.FromRows(test.Count, rows, items).Sorted();
    }

    private IdTable ReadIds(string part, string idColumn, string indexColumn)
    {
        string path = Directory.File(part);
        int[] indexes = ParquetColumns.Read<int>(path, indexColumn), interactions = ParquetColumns.Read<int>(path, "interactions");
        int[] order = new int[indexes.Length];
        for (int row = 0; row < indexes.Length; row++) order[indexes[row]] = row;
        float[]? popularity = IsWeighted && part == "items" ? WeightsOf(Take(ParquetColumns.Read<double>(path, "popularity"), order)) : null;
        return ParquetColumns.IsString(path, idColumn)
            ? new IdTable(Take(ParquetColumns.ReadStrings(path, idColumn), order), Take(interactions, order), popularity)
            : new IdTable(Take(ParquetColumns.Read<long>(path, idColumn), order), Take(interactions, order), popularity);
    }

    // Rows by user first: a counting sort over users, then a small sort within each, which beats one sort of all by far.
    private static int[] OrderOf<TKey>(int[] users, Func<int, TKey> keyWithinUser)
    {
        int userCount = users.Length == 0 ? 0 : users.Max() + 1;
        InteractionLists byUser = InteractionLists.PlacesOf(userCount, users);
        Parallel.For(0, userCount, user =>
        {
            int start = (int)byUser.Offsets[user], length = (int)(byUser.Offsets[user + 1] - start);
            TKey[] keys = Array.ConvertAll(byUser.Items[start..(start + length)], row => keyWithinUser(row));
            keys.AsSpan().Sort(byUser.Items.AsSpan(start, length));
        });
        return byUser.Items;
    }

    private static float[]? WeightsOf(double[]? weights) => weights is null ? null : Array.ConvertAll(weights, weight => (float)weight);

    private static T[] Take<T>(T[] values, int[] order)
    {
        var taken = new T[order.Length];
        for (int row = 0; row < order.Length; row++) taken[row] = values[order[row]];
        return taken;
    }
}
