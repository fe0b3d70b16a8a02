using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// The K users who fit each of some items best, out of those whom the model can score: item_id, rank (from 1), user_id, score, source, by item in the order of
/// their indexes, and rank. Users stream by; memory holds 12 bytes for each row that will be written.
/// </summary>
public sealed class UsersOfItemsWriter : IDisposable
{
    private const int UsersOfBlock = 32; // as the kernel takes them
    private const long MostRows = 40_000_000;
    private const int RowsPerGroup = 1 << 17;

    private readonly TrainedModel model;
    private readonly IModelScorer scorer;
    private readonly int[] items;
    private readonly ScoreOptions options;
    private readonly TopUsers best;

    /// <param name="model">Ids and how often each was trained on.</param>
    /// <param name="scorerOf">Makes the scorer of some items, rising.</param>
    /// <param name="options">K, whether users who have seen an item are left out, and threads.</param>
    /// <exception cref="InvalidInputException">So many rows do not fit into memory.</exception>
    public UsersOfItemsWriter(TrainedModel model, Func<int[], IModelScorer> scorerOf, IEnumerable<int> items, ScoreOptions options)
    {
        this.items = [.. items.Where(item => model.Items.Interactions[item] > 0).Distinct().Order()];
        int k = Math.Clamp(options.UsersPerItem, 1, Math.Max(1, model.Users.Count));
        if (this.items.Length * (long)k > MostRows)
        {
            throw new InvalidInputException($"Score:UsersPerItem {k:N0} for {this.items.Length:N0} items would be {this.items.Length * (long)k:N0} rows, "
                + $"of which {MostRows:N0} can be found at once. Lower it, or name fewer items in Score:UsersOfItemsPath.");
        }

        (this.model, this.options, scorer, best) = (model, options, scorerOf(this.items), new TopUsers(this.items.Length, k));
    }

    /// <summary>Lets some more users compete.</summary>
    /// <param name="users">Indexes of the model's users; others are passed over.</param>
    /// <param name="seen">What each has seen, rising.</param>
    public void Add(ReadOnlyMemory<int> users, ExcludedItems seen, CancellationToken cancellation = default)
    {
        int[] scored = [.. users.ToArray().Where(user => Source.Of(model, user) != Source.Popularity)];
        ReadOnlySpan<int> Excluded(int user) => options.ExcludeSeen ? seen(user) : [];
        Parallel.For(0, (scored.Length + UsersOfBlock - 1) / UsersOfBlock,
            new ParallelOptions { MaxDegreeOfParallelism = options.ThreadCount, CancellationToken = cancellation },
            () => new float[UsersOfBlock * items.Length], (block, _, buffer) =>
        {
            ReadOnlySpan<int> users_B = scored.AsSpan(block * UsersOfBlock, Math.Min(UsersOfBlock, scored.Length - block * UsersOfBlock));
            Span<float> scores_BN = buffer.AsSpan(0, users_B.Length * items.Length);
            scorer.ScoreAll(users_B, scores_BN);
            best.Offer(users_B, scores_BN, items, Excluded);
            return buffer;
        }, _ => { });
    }

    /// <summary>Writes the file. Nobody can be added after it.</summary>
    /// <returns>Rows.</returns>
    public long Write(string path)
    {
        using ParquetFile file = ParquetFile.Create(path, ("item_id", model.Items.IdType), ("rank", typeof(int)), ("user_id", model.Users.IdType),
            ("score", typeof(float)), ("source", typeof(string)));
        long rows = 0;
        var (itemsOf, ranks, users, scores) = (new List<int>(), new List<int>(), new List<int>(), new List<float>());
        for (int place = 0; place < items.Length; place++)
        {
            (int[] indexes, float[] values) = best.Take(place);
            itemsOf.AddRange(Enumerable.Repeat(items[place], indexes.Length));
            ranks.AddRange(Enumerable.Range(1, indexes.Length));
            users.AddRange(indexes);
            scores.AddRange(values);
            if (users.Count < RowsPerGroup && place < items.Length - 1) continue;
            if (users.Count > 0)
            {
                file.WriteGroup(model.Items.IdsOf([.. itemsOf]), ranks.ToArray(), model.Users.IdsOf([.. users]), scores.ToArray(),
                    users.Select(user => Source.Of(model, user)).ToArray());
            }

            rows += users.Count;
            itemsOf.Clear();
            ranks.Clear();
            users.Clear();
            scores.Clear();
        }

        return rows;
    }

    public void Dispose()
    {
        scorer.Dispose();
        best.Dispose();
    }
}
