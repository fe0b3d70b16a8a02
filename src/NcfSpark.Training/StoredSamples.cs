using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>Samples as `prepare` wrote them: the same in every epoch, in another order.</summary>
internal sealed unsafe class StoredSamples : ISampleSource
{
    private readonly AlignedArray<Row> rows; // side by side, since they are looked up in random order
    private readonly long seed;

    /// <param name="all">Of all workers' rows, where these are not all there are.</param>
    public StoredSamples(TrainingSet set, TrainOptions options, PastItems? past = null, SampleTotals? all = null)
    {
        Past = past;
        rows = new(set.Rows.Count);
        seed = options.Seed;
        float[]? weights = SampleWeights.Of(set, options, all);
        for (int row = 0; row < set.Rows.Count; row++)
        {
            rows.Start[row] = new Row(set.Rows.Users[row], set.Rows.Items[row], set.Labels[row], weights is null ? 1 : weights[row]);
        }
    }

    public long Count => rows.Length;

    public PastItems? Past { get; }

    public IEpochSamples InEpoch(int epoch) => new Epoch(rows, Past, new IndexPermutation(Count, RandomStream.Named(seed, "order", epoch)));

    public void Dispose() => rows.Dispose();

    private sealed class Epoch(AlignedArray<Row> rows, PastItems? past, IndexPermutation order) : IEpochSamples
    {
        public void Fill(long start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            Span<long> places = stackalloc long[IndexPermutation.BlockSize];
            for (int done = 0; done < labels.Length; done += IndexPermutation.BlockSize)
            {
                Span<long> block = places[..Math.Min(IndexPermutation.BlockSize, labels.Length - done)];
                order.CopyTo(start + done, block);
                foreach (long place in block) Prefetch.Line(rows.Start + place);
                for (int b = 0; b < block.Length; b++) (users[done + b], items[done + b], labels[done + b], weights[done + b]) = rows.Start[block[b]];
            }
        }

        public void FillPastEnds(long start, Span<int> ends)
        {
            for (int b = 0; b < ends.Length; b++) ends[b] = past!.RowEnds[order[start + b]];
        }
    }

    private readonly record struct Row(int User, int Item, float Label, float Weight);
}
