using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>
/// Updates the rows of users and items: each distinct row of a batch once, by the sum of its samples' gradients.
/// </summary>
internal static unsafe class RowUpdates<S, V>
    where S : ISimd<V>
    where V : struct
{
    // Rows of large tables come from main memory: this many records ahead are prefetched.
    private const int RecordsAhead = 6;

    /// <summary>
    /// Updates a row, or adds or stores its gradient, for each sample of a tile (<see cref="GradientRouting"/>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void OfTile(in TileWork work)
    {
        TileBuffers buffers = work.Buffers;
        int count = UserUpdates(in work, buffers.Updates);
        count += ItemUpdates(in work, buffers.Updates + count);
        Update(buffers.Updates, count, work.Layout, work.Rules);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int UserUpdates(in TileWork work, RowUpdate* updates)
    {
        TileBuffers buffers = work.Buffers;
        GradientRouting* routing = work.Batch.UserRouting + work.Start;
        int width = work.Layout.RowWidth, samples = work.Count, count = 0;
        float* gradient = buffers.UserGradients, carried = gradient + Tile.Samples * width, rowWeights = buffers.RowWeights;
        float* deferred = work.Memory.UserGradients + (long)work.Start * width;
        new ReadOnlySpan<float>(work.Batch.Weights + work.Start, samples).CopyTo(new(rowWeights, samples));
        if (!work.First && routing[-1] == GradientRouting.AddToNextSample)
        {
            Add(carried, gradient, width);
            rowWeights[0] += rowWeights[Tile.Samples];
        }

        for (int j = 0; j < samples; j++, gradient += width)
        {
            GradientRouting next = routing[j];
            if (next == GradientRouting.UpdateInTile)
            {
                updates[count++] = new(buffers.UserRows[j], gradient, rowWeights[j]);
            }
            else if (next == GradientRouting.UpdateAfterTiles)
            {
                Copy(gradient, deferred + (long)j * width, width);
            }
            else if (j + 1 < samples)
            {
                Add(gradient, gradient + width, width);
                rowWeights[j + 1] += rowWeights[j];
            }
            else
            {
                Copy(gradient, carried, width);
                rowWeights[Tile.Samples] = rowWeights[j];
            }
        }

        return count;
    }

    // Divides the items into two lists without a branch first: it would be unpredictable, and a misprediction costs as
    // much as the copy.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int ItemUpdates(in TileWork work, RowUpdate* updates)
    {
        GradientRouting* routing = work.Batch.ItemRouting + work.Start;
        float* weights = work.Batch.Weights + work.Start, gradients = work.Buffers.ItemGradients,
            deferred = work.Memory.ItemGradients + (long)work.Start * work.Layout.RowWidth;
        float** rows = work.Buffers.ItemRows;
        int* later = stackalloc int[Tile.Samples];
        int width = work.Layout.RowWidth, count = 0;
        for (int j = 0; j < work.Count; j++)
        {
            updates[count] = new(rows[j], gradients + j * width, weights[j]);
            later[j - count] = j;
            count += routing[j] == GradientRouting.UpdateInTile ? 1 : 0;
        }

        for (int d = 0; d < work.Count - count; d++) Stream(gradients + later[d] * width, deferred + (long)later[d] * width, width);
        return count;
    }

    /// <summary>Updates the deferred rows from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    /// <param name="end">The one after the last, at most a tile's samples later.</param>
    /// <param name="buffers">The thread's buffers, of which <c>UserGradients</c> and <c>Updates</c> are
    /// overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Deferred(
        DeferredRows rows, int start, int end, float* records, float* gradients, float* weights, TileBuffers buffers, PackedLayout layout, in StepRules rules)
    {
        int width = layout.RowWidth;
        long record = 3L * width;
        float* sum = buffers.UserGradients;
        for (int d = start; d < end; d++, sum += width)
        {
            int later = d + RecordsAhead;
            if (later < rows.Count)
            {
                Prefetch(records + rows.Rows[later] * record, (int)record);
                for (int sample = rows.First[later]; sample >= 0; sample = rows.Next[sample]) Prefetch(gradients + (long)sample * width, width);
            }

            float weight = Sum(rows, d, gradients, weights, sum, width);
            buffers.Updates[d - start] = new(records + rows.Rows[d] * record, sum, weight);
        }

        Update(buffers.Updates, end - start, layout, in rules);
    }

    // Adds up the gradients of a row's samples and returns the sum of their weights. The gradients are not cleared: a
    // cache line that is only read need not leave the cache of the core that wrote it and will write it again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(DeferredRows rows, int row, float* gradients, float* weights, float* sum, int width)
    {
        int sample = rows.First[row];
        float weight = weights[sample];
        Copy(gradients + (long)sample * width, sum, width);
        for (sample = rows.Next[sample]; sample >= 0; sample = rows.Next[sample])
        {
            Add(gradients + (long)sample * width, sum, width);
            weight += weights[sample];
        }

        return weight;
    }

    private static void Update(RowUpdate* updates, int count, PackedLayout layout, in StepRules rules)
    {
        if (rules.Gmf == rules.Mlp)
        {
            Update(updates, count, 0, layout.RowWidth, layout.RowWidth, rules.Gmf);
            return;
        }

        Update(updates, count, 0, layout.GmfWidth, layout.RowWidth, rules.Gmf);
        Update(updates, count, layout.MlpStart, layout.BiasStart, layout.RowWidth, rules.Mlp);
        Update(updates, count, layout.BiasStart, layout.RowWidth, layout.RowWidth, rules.Gmf);
    }

    /// <summary>Updates the numbers from <paramref name="start"/> to before <paramref name="end"/> of each row.</summary>
    /// <param name="width">Floats of W in a record W | m | v.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Update(RowUpdate* updates, int count, int start, int end, int width, in UpdateRule rule)
    {
        if (start == end) return;
        var step = new AdamStep<S, V>(in rule);
        float l2 = rule.L2;
        for (RowUpdate* update = updates; update < updates + count; update++)
        {
            float* w = update->Record + start;
            step.Update(w, w + width, w + 2 * width, update->Gradient + start, end - start, l2 * update->Weight);
        }
    }

    private static void Prefetch(float* record, int floats)
    {
        if (!Sse.IsSupported) return;
        for (int k = 0; k < floats; k += Padding.Lanes) Sse.Prefetch1(record + k);
    }

    // For memory that another core may have read last and may read next: a plain store would wait for that core to give
    // up each cache line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Stream(float* source, float* destination, int width)
    {
        for (int k = 0; k < width; k += S.Lanes) S.Stream(S.Load(source + k), destination + k);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* destination, int width)
    {
        for (int k = 0; k < width; k += S.Lanes) S.Store(S.Load(source + k), destination + k);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* source, float* destination, int width)
    {
        for (int k = 0; k < width; k += S.Lanes) S.Store(S.Add(S.Load(destination + k), S.Load(source + k)), destination + k);
    }
}

/// <summary>A row to update.</summary>
/// <param name="record">The row's record W | m | v.</param>
/// <param name="gradient">The sum of its samples' gradients, laid out as W.</param>
/// <param name="weight">The sum of its samples' weights.</param>
internal readonly unsafe struct RowUpdate(float* record, float* gradient, float weight)
{
    public float* Record { get; } = record;

    public float* Gradient { get; } = gradient;

    public float Weight { get; } = weight;
}
