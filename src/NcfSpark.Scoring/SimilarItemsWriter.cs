using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes the items most similar to each: item_id, rank (from 1), similar_item_id, score (cosine of
/// <see cref="ItemEmbeddings"/>), by item in the order of their indexes, and rank. Items that were not trained on have
/// no list and are in none: their embeddings are still chance.
/// </summary>
/// <param name="model">Ids and how often each was trained on.</param>
public sealed class SimilarItemsWriter(TrainedModel model, RecommendableItems recommendable, ScoreOptions options)
{
    private const int RowsPerGroup = 1 << 17;

    /// <summary>Writes the file.</summary>
    /// <returns>Rows.</returns>
    public long Write(string path, SimdLevel level, IProgressReporter progress, CancellationToken cancellation = default)
    {
        using ParquetFile file = ParquetFile.Create(
            path, ("item_id", model.Items.IdType), ("rank", typeof(int)), ("similar_item_id", model.Items.IdType), ("score", typeof(float)));
        int[] items = [.. Enumerable.Range(0, model.Items.Count).Where(IsTrained)], among = [.. recommendable.Items.Where(IsTrained)];
        using IProgressTask task = progress.Start("similar items", items.Length, "items");
        int k = Math.Clamp(options.SimilarItems, 1, Math.Max(1, among.Length)), itemsAtOnce = Math.Clamp(RowsPerGroup / k, 1, Math.Max(1, items.Length));
        var best = new TopLists(itemsAtOnce, k);
        using var embeddings = new ItemEmbeddings(model.Weights, among, level);
        long rows = 0;
        for (int start = 0; start < items.Length; start += itemsAtOnce)
        {
            ReadOnlyMemory<int> group = items.AsMemory(start, Math.Min(itemsAtOnce, items.Length - start));
            embeddings.FindBest(group, best, options.ThreadCount, cancellation);
            rows += WriteGroup(file, group.Span, best);
            task.Advance(group.Length);
        }

        return rows;
    }

    private bool IsTrained(int item) => model.Items.Interactions[item] > 0;

    private int WriteGroup(ParquetFile file, ReadOnlySpan<int> group, TopLists best)
    {
        int rows = 0, row = 0;
        for (int place = 0; place < group.Length; place++) rows += best.Items(place).Length;
        int[] items = new int[rows], ranks = new int[rows], similar = new int[rows];
        float[] scores = new float[rows];
        for (int place = 0; place < group.Length; place++)
        {
            best.Items(place).CopyTo(similar.AsSpan(row));
            best.Scores(place).CopyTo(scores.AsSpan(row));
            for (int rank = 1; rank <= best.Items(place).Length; rank++, row++) (items[row], ranks[row]) = (group[place], rank);
        }

        if (rows > 0) file.WriteGroup(model.Items.IdsOf(items), ranks, model.Items.IdsOf(similar), scores);
        return rows;
    }
}
