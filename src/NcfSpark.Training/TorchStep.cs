using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NcfSpark.Kernels;
using NcfSpark.Model;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NcfSpark.Training;

/// <summary>
/// The update as autograd makes it. Torch sees only the rows that the batch touches, never a whole table: rows are gathered from plain memory,
/// their gradients come back sample by sample, are added up for each distinct row, and each distinct row has one update by Adam.
/// Samples are computed in chunks of fixed size, one thread a chunk, and everything is added in the order of the chunks and samples, so the
/// number of threads does not show in the result.
/// Loss of a batch of B: 1/B · sum of (binary cross entropy + L2 / 2 · squared length of the sample's embeddings, those of its pool by their shares).
/// </summary>
internal sealed class TorchStep : ITrainingStep
{
    // Smaller chunks lose more to Torch's overhead for each operation (about 1 ms a chunk) than a second thread gains.
    internal const int ChunkSamples = 512;

    private readonly TrainingState state;
    private readonly TrainOptions options;
    private readonly ParallelLoop loop;
    private readonly ConcurrentBag<NeuMFModule> modules = []; // one for each thread at work: all are views of the same weights, with gradients of their own
    private readonly float[][] userGradients;                 // [table][sample * columns]
    private readonly float[][] itemGradients;
    private readonly float[] poolGradients;                   // [sample * lags * columns]
    private readonly int[] poolItems;                         // [sample * lags], -1 where there is none
    private readonly float[][] poolShares;
    private PastItems? past;
    private int groupSize = 1;
    private readonly float[][][] denseGradients;              // [chunk][weight]
    private readonly double[] chunkLosses;
    private readonly RowGroups users;
    private readonly RowGroups items;
    private readonly RowGroups? pools;
    private readonly ItemComposition? composition;
    private readonly NetworkShape shape;
    private readonly DropoutMasks masks;
    private readonly UpdateRules rules;
    private readonly Batch batch;
    private readonly SoftmaxBatch? softmax;
    private readonly int chunkSamples; // the softmax is over a whole batch

    public TorchStep(TrainingState state, TrainOptions options, UpdateRules rules)
    {
        (this.state, this.options, this.rules) = (state, options, rules);
        loop = new ParallelLoop(options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
        softmax = options.Softmax is { } loss ? new SoftmaxBatch(loss) : null;
        chunkSamples = softmax is null ? ChunkSamples : options.BatchSize;
        int chunks = (options.BatchSize + chunkSamples - 1) / chunkSamples;
        set_num_threads(1); // a chunk is one thread's
        userGradients = [.. state.UserTables.Select(table => new float[options.BatchSize * table.Weight.Columns])];
        itemGradients = [.. state.ItemTables.Select(table => new float[options.BatchSize * table.Weight.Columns])];
        ModelOptions model = state.Weights.Options;
        int places = model.HasHistory ? options.BatchSize * model.History.Length : 0;
        (poolItems, poolGradients) = (new int[places], new float[places * model.EmbeddingSize]);
        poolShares = model.HasHistory ? PoolShares.Of(model.History.Length, model.History.Decay) : [];
        if (model.HasHistory) pools = new RowGroups(state.Weights.ItemCount, places);
        if (state.Weights is { ItemParts: { } parts, Features: { } features })
        {
            int size = model.EmbeddingSize;
            composition = new ItemComposition(
                features,
                [(state.Weights.ItemGmf!.ColumnsOf(0, size), parts.ColumnsOf(0, size)), (state.Weights.ItemBias!.ColumnsOf(0, 1), parts.ColumnsOf(size, 1))],
                options.BatchSize,
                model.OwnDropout);
        }

        denseGradients = [.. Enumerable.Range(0, chunks).Select(_ => state.Dense.Select(weight => new float[weight.Weight.Values.Length]).ToArray())];
        chunkLosses = new double[chunks];
        users = new RowGroups(state.Weights.UserCount, options.BatchSize);
        items = new RowGroups(state.Weights.ItemCount, options.BatchSize);
        shape = NetworkShapes.Of(state.Weights.Options);
        masks = new DropoutMasks(shape);
        batch = new Batch(options.BatchSize);
    }

    public string Description => "torch (autograd)";

    public TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end)
    {
        (past, groupSize) = (samples.Past, samples.GroupSize);
        while (position.Samples < end)
        {
            (batch.Epoch, batch.Start, batch.Count) = (position.Epoch, position.Samples, (int)Math.Min(options.BatchSize, end - position.Samples));
            batch.FillFrom(samples);
            position = position.After(batch.Count, Update(batch, position.Steps + 1));
        }

        return position;
    }

    // The module's parameters are views of the weights. Of items with features a step composes those alone that it needs.
    public void Synchronize() => state.Weights.ComposeItems();

    public void SynchronizeShared()
    {
    }

    public void ReloadShared()
    {
    }

    /// <summary>Updates the state's weights.</summary>
    /// <param name="step">The number of this update since the start of training, from 1: Adam's t.</param>
    /// <returns>The sum of the samples' binary cross entropies, before the update.</returns>
    /// <exception cref="TrainingDivergedException">The loss is not finite; nothing was updated.</exception>
    public double Update(Batch batch, long step)
    {
        Compose(batch);
        int chunks = (batch.Count + chunkSamples - 1) / chunkSamples;
        loop.For(chunks, chunk => ComputeGradients(batch, chunk));
        double loss = chunkLosses.AsSpan(0, chunks).ToArray().Sum();
        if (!double.IsFinite(loss))
        {
            throw new TrainingDivergedException(
                $"The loss of step {step:N0} (epoch {batch.Epoch + 1}) is {loss}. Training stopped and no model was written; lower Train:LearningRate, "
                + "or raise Train:Regularization.");
        }

        ZeroFixedHead(chunks);
        var dense = new PartUpdate(rules.Dense(step), step, batch.Count);
        for (int w = 0; w < state.Dense.Count; w++)
        {
            float[] sum = denseGradients[0][w];
            for (int chunk = 1; chunk < chunks; chunk++) AddTo(sum, denseGradients[chunk][w]);
            OptimizedWeight weight = state.Dense[w];
            dense.Apply(weight.Weight.Values, weight.FirstMoments, weight.SecondMoments, sum);
        }

        users.Group(batch.Users.AsSpan(0, batch.Count));
        items.Group(batch.Items.AsSpan(0, batch.Count));
        PartUpdate gmf = new(rules.Gmf(step), step, batch.Count), mlp = new(rules.Mlp(step), step, batch.Count);
        UpdateRows(gmf, mlp, state.UserTables, userGradients, users);
        UpdateRows(gmf, mlp, state.ItemTables, itemGradients, items);
        if (pools is not null)
        {
            pools.Group(poolItems.AsSpan(0, batch.Count * state.Weights.Options.History.Length));
            UpdateRows(gmf, mlp, state.PoolTables, [poolGradients], pools);
        }

        composition?.Scatter();

        return loss;
    }

    public void Dispose()
    {
        foreach (NeuMFModule module in modules) module.Dispose();
        composition?.Dispose();
    }

    private unsafe void Compose(Batch batch)
    {
        if (composition is null) return;
        fixed (int* first = batch.Items) composition.Compose(first, batch.Count, DropoutMasks.Keys(options.Seed, batch.Epoch).Bits(batch.Start));
    }

    private void ComputeGradients(Batch batch, int chunk)
    {
        int start = chunk * chunkSamples, count = Math.Min(chunkSamples, batch.Count - start);
        if (!modules.TryTake(out NeuMFModule? module)) module = new NeuMFModule(state.Weights);
        using (NewDisposeScope())
        {
            Tensor[] userRows = [.. state.UserTables.Select(table => Gather(table.Weight, batch.Users.AsSpan(start, count)))];
            Tensor[] itemRows = [.. state.ItemTables.Select(table => Gather(table.Weight, batch.Items.AsSpan(start, count)))];
            PoolRows? pool = pools is null ? null : Pool(batch, start, count);
            var rows = new EmbeddingRows(name => Find(name, state.UserTables, userRows) ?? Find(name, state.ItemTables, itemRows)) { Pool = pool };
            Tensor? weights_B = options.RecencyScale == 0 && !batch.IsWeighted(start, count) ? null : tensor(batch.Weights.AsSpan(start, count).ToArray());
            Tensor loss = softmax is not null ? softmax.Loss(module, rows, batch, groupSize, past!)
                : functional.binary_cross_entropy_with_logits(
                    module.Logits(rows, Dropout(batch, start, count)), tensor(batch.Labels.AsSpan(start, count).ToArray()), weights_B, Reduction.Sum);
            chunkLosses[chunk] = loss.item<float>();

            Tensor objective = loss;
            foreach ((OptimizedWeight table, Tensor touched) in state.UserTables.Zip(userRows).Concat(state.ItemTables.Zip(itemRows)))
            {
                double l2 = (IsMlp(table) ? rules.Mlp(1) : rules.Gmf(1)).L2;
                if (l2 == 0) continue;
                Tensor squares = touched * touched, sum = weights_B is null ? squares.sum() : (squares.sum(1) * weights_B).sum();
                objective = objective.Plus(tensor((float)(l2 / 2)) * sum);
            }

            if (pool is not null && rules.Gmf(1).L2 is not 0 and var poolL2)
            {
                Tensor squares_B = ((pool.Items_BKE * pool.Items_BKE).sum(2) * pool.Shares_BK).sum(1);
                Tensor sum = weights_B is null ? squares_B.sum() : (squares_B * weights_B).sum();
                objective = objective.Plus(tensor((float)(poolL2 / 2)) * sum);
            }

            (objective * tensor(1f / batch.Count)).backward();
            for (int t = 0; t < userRows.Length; t++) CopyGradient(userRows[t], userGradients[t].AsSpan(start * state.UserTables[t].Weight.Columns));
            for (int t = 0; t < itemRows.Length; t++) CopyGradient(itemRows[t], itemGradients[t].AsSpan(start * state.ItemTables[t].Weight.Columns));
            if (pool is not null)
            {
                CopyGradient(pool.Items_BKE, poolGradients.AsSpan(start * state.Weights.Options.History.Length * state.Weights.Options.EmbeddingSize));
            }

            for (int w = 0; w < state.Dense.Count; w++) CopyGradient(module[state.Dense[w].Weight], denseGradients[chunk][w]);
            module.zero_grad();
        }

        modules.Add(module);
    }

    // Gathers what came before each sample, latest first.
    private PoolRows Pool(Batch batch, int start, int count)
    {
        ModelOptions model = state.Weights.Options;
        (int length, int size) = (model.History.Length, model.EmbeddingSize);
        float[] rows = new float[count * length * size], shares = new float[count * length];
        float[] features = new float[model.HasTemporalFeatures ? count * TemporalFeatures.Count : 0];
        for (int b = 0; b < count; b++)
        {
            int pastEnd = batch.PastEnds[start + b], there = Math.Min(length, pastEnd - past!.StartOf(batch.Users[start + b]));
            poolShares[there].CopyTo(shares, b * length);
            if (model.HasTemporalFeatures)
            {
                TemporalFeatureBits.Unpack(past.FeatureBits[pastEnd], features.AsSpan(b * TemporalFeatures.Count, TemporalFeatures.Count));
            }

            for (int k = 0; k < length; k++)
            {
                int item = k < there ? past.Items[pastEnd - 1 - k] : -1;
                poolItems[(start + b) * length + k] = item;
                if (item >= 0) state.Weights.ItemHistory!.Row(item).CopyTo(rows.AsSpan((b * length + k) * size));
            }
        }

        ulong key = DropoutMasks.UserKeys(options.Seed, batch.Epoch).Bits(batch.Start);
        float[]? mask = model.HasUserMlp ? DropoutMasks.OfUsers(key, start, count, groupSize, model.UserMlp.Width, model.UserMlp.Dropout) : null;
        return new PoolRows(
            tensor(rows).reshape(count, length, size).requires_grad_(),
            tensor(shares).reshape(count, length),
            model.HasTemporalFeatures ? tensor(features).reshape(count, TemporalFeatures.Count) : null,
            mask is null ? null : tensor(mask).reshape(count, model.UserMlp.Width));
    }

    private Tensor?[]? Dropout(Batch batch, int start, int count)
    {
        if (state.Weights.MlpLayers.Count == 0 || state.Weights.Options.Dropout.All(rate => rate == 0)) return null;
        ulong key = DropoutMasks.Keys(options.Seed, batch.Epoch).Bits(batch.Start);
        return [.. Enumerable.Range(0, state.Weights.MlpLayers.Count + 1)
            .Select(layer => masks.Of(key, start, count, layer) is { } mask ? tensor(mask).reshape(count, mask.Length / count) : null)];
    }

    private void UpdateRows(PartUpdate gmf, PartUpdate mlp, IReadOnlyList<OptimizedWeight> tables, float[][] gradients, RowGroups groups)
    {
        int threads = loop.Threads;
        loop.For(Math.Min(threads, groups.DistinctCount), part =>
        {
            int from = groups.DistinctCount * part / threads, to = groups.DistinctCount * (part + 1) / threads;
            if (threads > groups.DistinctCount) (from, to) = (part, part + 1);
            for (int d = from; d < to; d++)
            {
                int row = groups.Row(d), first = groups.FirstSample(row);
                for (int t = 0; t < tables.Count; t++)
                {
                    int columns = tables[t].Weight.Columns;
                    Span<float> sum = gradients[t].AsSpan(first * columns, columns);
                    for (int sample = groups.NextSample(first); sample >= 0; sample = groups.NextSample(sample))
                    {
                        AddTo(sum, gradients[t].AsSpan(sample * columns, columns));
                    }

                    tables[t].Update(IsMlp(tables[t]) ? mlp : gmf, row, sum);
                }
            }
        });
    }

    // A head of GMF that is not trained: no gradient, so no moments, so no step.
    private void ZeroFixedHead(int chunks)
    {
        if (state.Weights.Head is not { } head || shape.TrainedGmfHead) return;
        int place = state.Dense.TakeWhile(weight => weight.Weight != head).Count();
        for (int chunk = 0; chunk < chunks; chunk++) denseGradients[chunk][place].AsSpan(0, shape.GmfSize).Clear();
    }

    private bool IsMlp(OptimizedWeight table) => table.Weight == state.Weights.UserMlp || table.Weight == state.Weights.ItemMlp;

    private static Tensor? Find(string name, IReadOnlyList<OptimizedWeight> tables, Tensor[] rows)
    {
        for (int t = 0; t < rows.Length; t++)
        {
            if (tables[t].Weight.Name == name) return rows[t];
        }

        return null;
    }

    private static Tensor Gather(Weight table, ReadOnlySpan<int> rows)
    {
        float[] values = new float[rows.Length * table.Columns];
        for (int b = 0; b < rows.Length; b++) table.Row(rows[b]).CopyTo(values.AsSpan(b * table.Columns));
        return tensor(values).reshape(rows.Length, table.Columns).requires_grad_();
    }

    private static void CopyGradient(Tensor leaf, Span<float> destination)
    {
        if (leaf.grad is not { } there) // the loss does not know it
        {
            destination[..checked((int)leaf.numel())].Clear();
            return;
        }

        using Tensor gradient = there.contiguous();
        MemoryMarshal.Cast<byte, float>(gradient.bytes).CopyTo(destination);
    }

    private static void AddTo(Span<float> sum, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += values[i];
    }
}
