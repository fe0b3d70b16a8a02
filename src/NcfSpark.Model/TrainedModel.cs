using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Model;

/// <summary>
/// A model with all that scoring needs: weights, and the ids of users and items. Its directory holds shared.safetensors
/// (rows of items, also those of users' pools, and dense layers), users/shard=S.safetensors, users.parquet and
/// items.parquet. Row r of shard S of N belongs to user r · N + S. Where a user's latest items are an input a shard also
/// holds user_history, these items, user_history_times, when each was used, with attention, and user_temporal_features,
/// the temporal features of them all, if the model uses them.
/// </summary>
public sealed record TrainedModel(ModelWeights Weights, IdTable Users, IdTable Items)
{
    public const string StageName = "model";

    /// <summary>In a model's directory: how often each item was used, lately more. There only where a use long ago counts less than a late one.</summary>
    public const string RecentUsesFile = "recent_uses.parquet";

    /// <summary>In a model's directory: the names of items' features. There only where items have some.</summary>
    public const string FeaturesFile = "item_features.parquet";

    /// <summary>The names of items' features by their numbers, such as "genres=Comedy"; empty where items have none.</summary>
    public string[] Features { get; init; } = [];

    /// <summary>How often each item was used, where a use long ago counts less than a late one; null where all count alike.</summary>
    public float[]? RecentUses_N { get; init; }

    /// <summary>By item the score of the popularity list: the share of users who have it, or who had it lately.</summary>
    public float[] Popularity_N => [.. Enumerable.Range(0, Items.Count).Select(PopularityOf)];

    /// <summary>One of <see cref="Popularity_N"/>.</summary>
    public float PopularityOf(int item) => (RecentUses_N is { } uses ? uses[item] : Items.PopularityOf(item)) / Users.Count;

    /// <summary>Writes the model's files into a directory.</summary>
    public void Write(string directory, int shards)
    {
        Safetensors.Write(Path.Combine(directory, SharedFile), SharedOf(Weights));
        for (int shard = 0; shard < shards; shard++) Safetensors.Write(Path.Combine(directory, UserFile(shard)), UsersOf(Weights, shard, shards));
        WriteIds(directory, Users, Items);
    }

    /// <summary>The file of rows of items and dense layers, within a model's directory.</summary>
    public const string SharedFile = "shared.safetensors";

    /// <summary>The file of a shard's users within a model's directory.</summary>
    public static string UserFile(int shard) => Path.Combine("users", $"shard={shard}.safetensors");

    /// <summary>The content of <see cref="SharedFile"/>.</summary>
    public static IEnumerable<StoredTensor> SharedOf(ModelWeights weights) =>
        weights.Stored.Select(weight => new StoredTensor(weight.Name, weight.Memory, weight.Rows, weight.Columns));

    /// <summary>The content of <see cref="UserFile"/>.</summary>
    /// <param name="weights">Users' rows.</param>
    /// <param name="shards">Number of shards.</param>
    public static IEnumerable<StoredTensor> UsersOf(ModelWeights weights, int shard, int shards)
    {
        foreach (Weight table in weights.UserTables)
        {
            int rows = RowsOfShard(table.Rows, shard, shards);
            float[] values = new float[rows * table.Columns];
            for (int row = 0; row < rows; row++) table.Row(row * shards + shard).CopyTo(values.AsSpan(row * table.Columns));
            yield return new StoredTensor(table.Name, values, rows, table.Columns);
        }

        if (weights.Pools is not { } pools) yield break;
        int ofShard = RowsOfShard(weights.UserCount, shard, shards);
        yield return PoolsOf(PoolsName, pools.Length, place => pools.Items_UK[place], ofShard, shard, shards);
        if (weights.Options.HasAttention) yield return PoolsOf(TimesName, pools.Length, place => pools.Times_UK[place], ofShard, shard, shards);
        if (weights.Options.HasTemporalFeatures)
        {
            yield return new StoredTensor(
                TemporalFeaturesName, Enumerable.Range(0, ofShard).Select(row => (long)pools.TemporalFeatures_U[row * shards + shard]).ToArray(), ofShard, 1);
        }
    }

    /// <summary>Writes the files of ids of a model's directory.</summary>
    public static void WriteIds(string directory, IdTable users, IdTable items)
    {
        WriteIds(Path.Combine(directory, "users.parquet"), "user", users);
        WriteIds(Path.Combine(directory, "items.parquet"), "item", items);
    }

    /// <summary>Writes <see cref="RecentUsesFile"/>.</summary>
    public static void WriteRecentUses(string directory, float[] uses_N)
    {
        using ParquetFile file = ParquetFile.Create(Path.Combine(directory, RecentUsesFile), ("item_index", typeof(int)), ("uses", typeof(float)));
        file.WriteGroup(Enumerable.Range(0, uses_N.Length).ToArray(), uses_N);
    }

    /// <summary>Writes <see cref="FeaturesFile"/>.</summary>
    public static void WriteFeatures(string directory, string[] names)
    {
        using ParquetFile file = ParquetFile.Create(Path.Combine(directory, FeaturesFile), ("feature_index", typeof(int)), ("name", typeof(string)));
        file.WriteGroup(Enumerable.Range(0, names.Length).ToArray(), names);
    }

    /// <summary>The network of a model's directory.</summary>
    public static ModelOptions OptionsOf(StageDirectory directory) => directory.Manifest.Configuration["Model"].Deserialize<ModelOptions>()!;

    /// <summary>Reads a model from its directory.</summary>
    /// <exception cref="InvalidInputException">A file is missing or does not fit the model's configuration.</exception>
    public static TrainedModel Read(StageDirectory directory)
    {
        if (directory.Manifest.Stage == ServedBaseline.StageName) return ServedBaseline.Read(directory);
        ModelOptions options = OptionsOf(directory);
        IdTable users = ReadIds(directory.File("users.parquet"), "user"), items = ReadIds(directory.File("items.parquet"), "item");
        return new TrainedModel(ReadWeights(directory.Path, options, users.Count, items.Count), users, items)
        {
            Features = directory.Manifest.Files.ContainsKey(FeaturesFile) ? ParquetColumns.ReadStrings(directory.File(FeaturesFile), "name") : [],
            RecentUses_N = directory.Manifest.Files.ContainsKey(RecentUsesFile) ? ParquetColumns.Read<float>(directory.File(RecentUsesFile), "uses") : null,
        };
    }

    /// <summary>Reads the weights in a model's directory, which may be without ids.</summary>
    /// <exception cref="InvalidInputException">A file does not fit these counts and options.</exception>
    public static ModelWeights ReadWeights(string directory, ModelOptions options, int userCount, int itemCount)
    {
        string sharedPath = Path.Combine(directory, SharedFile);
        IReadOnlyDictionary<string, StoredTensor> shared = Safetensors.Read(sharedPath).Tensors;
        int parts = shared.TryGetValue("item_parts.weight", out StoredTensor? stored) ? (int)stored.Shape[0] : 0;
        var weights = new ModelWeights(options, userCount, itemCount, Math.Max(0, parts - itemCount));
        foreach (Weight weight in weights.Stored) TensorOf(shared, weight, weight.Rows, sharedPath).Floats.CopyTo(weight.Values);

        if (options.HasPast) weights.Pools = UserPools.Empty(userCount, options.PastLength, options.HasAttention);
        string[] userFiles = Directory.GetFiles(Path.Combine(directory, "users"));
        for (int shard = 0; shard < userFiles.Length; shard++)
        {
            string path = Path.Combine(directory, UserFile(shard));
            IReadOnlyDictionary<string, StoredTensor> rows = Safetensors.Read(path).Tensors;
            foreach (Weight table in weights.UserTables)
            {
                ReadOnlySpan<float> values = TensorOf(rows, table, RowsOfShard(table.Rows, shard, userFiles.Length), path).Floats;
                for (int row = 0; row * table.Columns < values.Length; row++)
                {
                    values.Slice(row * table.Columns, table.Columns).CopyTo(table.Row(row * userFiles.Length + shard));
                }
            }

            if (weights.Pools is not { } pools) continue;
            int ofShard = RowsOfShard(userCount, shard, userFiles.Length);
            ReadPools(rows, pools, ofShard, shard, userFiles.Length, itemCount, path);
            if (options.HasAttention) ReadTimes(rows, pools, ofShard, shard, userFiles.Length, path);
            if (options.HasTemporalFeatures) ReadTemporalFeatures(rows, pools, ofShard, shard, userFiles.Length, path);
        }

        return weights;
    }

    private const string PoolsName = "user_history", TimesName = "user_history_times", TemporalFeaturesName = "user_temporal_features";

    private static void ReadTemporalFeatures(IReadOnlyDictionary<string, StoredTensor> tensors, UserPools pools, int rows, int shard, int shards, string path)
    {
        ReadOnlySpan<long> features = IntegersOf(tensors, TemporalFeaturesName, rows, 1, path);
        for (int row = 0; row < rows; row++) pools.TemporalFeatures_U[row * shards + shard] = checked((uint)features[row]);
    }

    private static void ReadPools(
        IReadOnlyDictionary<string, StoredTensor> tensors, UserPools pools, int rows, int shard, int shards, int itemCount, string path)
    {
        ReadOnlySpan<long> items = IntegersOf(tensors, PoolsName, rows, pools.Length, path);
        for (int place = 0; place < items.Length; place++)
        {
            if (items[place] < -1 || items[place] >= itemCount)
            {
                throw new InvalidInputException($"{path}: tensor {PoolsName} names item {items[place]} of {itemCount}. Run `train` again.");
            }

            (int row, int k) = Math.DivRem(place, pools.Length);
            pools.Items_UK[(row * shards + shard) * pools.Length + k] = (int)items[place];
        }
    }

    private static void ReadTimes(IReadOnlyDictionary<string, StoredTensor> tensors, UserPools pools, int rows, int shard, int shards, string path)
    {
        ReadOnlySpan<long> times = IntegersOf(tensors, TimesName, rows, pools.Length, path);
        for (int row = 0; row < rows; row++) times.Slice(row * pools.Length, pools.Length).CopyTo(pools.Times_UK.AsSpan((row * shards + shard) * pools.Length));
    }

    private static StoredTensor PoolsOf(string name, int length, Func<int, long> valueAt, int rows, int shard, int shards)
    {
        long[] values = new long[rows * length];
        for (int place = 0; place < values.Length; place++)
        {
            (int row, int k) = Math.DivRem(place, length);
            values[place] = valueAt((row * shards + shard) * length + k);
        }

        return new StoredTensor(name, values, rows, length);
    }

    private static ReadOnlySpan<long> IntegersOf(IReadOnlyDictionary<string, StoredTensor> tensors, string name, int rows, int columns, string path)
    {
        if (!tensors.TryGetValue(name, out StoredTensor? tensor)) throw new InvalidInputException($"{path}: there is no tensor {name}. Run `train` again.");
        return tensor.Shape is [var r, var c] && r == rows && c == columns
            ? tensor.Integers
            : throw new InvalidInputException(
                $"{path}: tensor {name} is [{string.Join(", ", tensor.Shape)}] where [{rows}, {columns}] is wanted. Run `train` again.");
    }

    private static StoredTensor TensorOf(IReadOnlyDictionary<string, StoredTensor> tensors, Weight weight, int rows, string path)
    {
        if (!tensors.TryGetValue(weight.Name, out StoredTensor? tensor))
        {
            throw new InvalidInputException($"{path}: there is no tensor {weight.Name}. Run `train` again.");
        }

        return tensor.Shape is [var r, var c] && r == rows && c == weight.Columns
            ? tensor
            : throw new InvalidInputException(
                $"{path}: tensor {weight.Name} is [{string.Join(", ", tensor.Shape)}] where [{rows}, {weight.Columns}] is wanted. Run `train` again.");
    }

    private static int RowsOfShard(int rows, int shard, int shards) => (rows - shard + shards - 1) / shards;

    private static void WriteIds(string path, string kind, IdTable ids)
    {
        using ParquetFile file =
            ParquetFile.Create(path, [($"{kind}_id", ids.IdType), ($"{kind}_index", typeof(int)),
            ("interactions", typeof(int)), .. ids.Weights is null ? Array.Empty<(string, Type)>() : [("popularity", typeof(float))]]);
        file.WriteGroup([ids.IsNumeric ? ids.Numbers : ids.Texts, Enumerable.Range(0, ids.Count).ToArray(), ids.Interactions,
            .. ids.Weights is null ? Array.Empty<Array>() : [ids.Weights]]);
    }

    // WriteIds wrote them in the order of their indexes.
    internal static IdTable ReadIds(string path, string kind)
    {
        int[] interactions = ParquetColumns.Read<int>(path, "interactions");
        float[]? popularity = ParquetColumns.Has(path, "popularity") ? ParquetColumns.Read<float>(path, "popularity") : null;
        return ParquetColumns.IsString(path, $"{kind}_id")
            ? new IdTable(ParquetColumns.ReadStrings(path, $"{kind}_id"), interactions, popularity)
            : new IdTable(ParquetColumns.Read<long>(path, $"{kind}_id"), interactions, popularity);
    }
}
