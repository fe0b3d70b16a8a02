using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The user encoder over histories for a tile: a vector for each of its runs (<see cref="GroupedPools"/>), which the
/// samples of the run share. Backward, the gradients of a run's samples are added up, du = Σ_j du_j, and go through the
/// encoder once.
/// </summary>
internal static unsafe class UserHistoryTile<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Forward(in TileWork work)
    {
        (EncoderRows rows, GroupedPools pools, TileBuffers buffers) = (Rows(in work, out int firstRun), work.Batch.Pools!, work.Buffers);
        Prefetch(in work, firstRun);
        for (int row = 0; row < rows.Count; row++)
        {
            int run = firstRun + row, first = pools.Firsts[run];
            if (row + 1 < rows.Count) Prefetch(in work, run + 1);
            UserPool<S, V>.Compute(in rows, row, buffers.UserRows[first - work.Start], work.Batch.Users[first], pools.Ends[run]);
            for (int b = first; b < pools.Firsts[run + 1]; b++) buffers.UserVectors[b - work.Start] = rows.Users + row * rows.Encoder.Width;
        }

        if (rows.Encoder.Hidden > 0) UserMlp<S, V>.Forward(in rows);
    }

    /// <summary>
    /// From the gradients of the samples' user vectors, in the users' gradients, to those of the users' own embeddings
    /// and of the pools.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Backward(in TileWork work)
    {
        (EncoderRows rows, GroupedPools pools) = (Rows(in work, out int firstRun), work.Batch.Pools!);
        int width = rows.Encoder.Width, rowWidth = work.Layout.RowWidth, past = (rows.Encoder.Lags + 1) * width;
        for (int row = 0; row < rows.Count; row++)
        {
            (int first, int count) = (pools.Firsts[firstRun + row], pools.Firsts[firstRun + row + 1] - pools.Firsts[firstRun + row]);
            float* gradients = work.Buffers.UserGradients + (long)(first - work.Start) * rowWidth, du = rows.UserGradients + row * width;
            for (int at = 0; at < width; at += S.Lanes)
            {
                V sum = default;
                for (int j = 0; j < count; j++) sum = S.Add(sum, S.Load(gradients + (long)j * rowWidth + at));
                S.Store(sum, du + at);
            }
        }

        if (rows.Encoder.Hidden > 0) UserMlp<S, V>.Backward(in rows);
        for (int row = 0; row < rows.Count; row++)
        {
            float* ofPool = work.Memory.PoolGradient(firstRun + row);
            if (rows.Encoder.Hidden == 0)
            {
                Unsafe.CopyBlock(ofPool, rows.UserGradients + row * width, (uint)(width * sizeof(float)));
                continue; // p gets du, which the samples' gradients add up to
            }

            float* dx = rows.InputGradients + (long)row * rows.Encoder.Inputs;
            Unsafe.CopyBlock(ofPool, dx, (uint)(past * sizeof(float)));
            for (int b = pools.Firsts[firstRun + row]; b < pools.Firsts[firstRun + row + 1]; b++)
            {
                float* own = work.Buffers.UserGradients + (long)(b - work.Start) * rowWidth;
                if (b == pools.Firsts[firstRun + row]) Unsafe.CopyBlock(own, dx + past, (uint)(width * sizeof(float)));
                else Unsafe.InitBlock(own, 0, (uint)(width * sizeof(float)));
            }
        }
    }

    private static EncoderRows Rows(in TileWork work, out int firstRun)
    {
        (GroupedPools pools, int tile) = (work.Batch.Pools!, work.Start / Tile.Samples);
        firstRun = pools.TileStart(tile);
        EncoderRows rows = work.Buffers.Encoded;
        rows.Count = pools.TileStart(tile + 1) - firstRun;
        rows.Groups = pools.Groups + firstRun;
        rows.DenseGradient = work.Gradient;
        (rows.DropoutKey, rows.First) = (work.UserDropoutKey, work.First);
        return rows;
    }

    private static void Prefetch(in TileWork work, int run)
    {
        GroupedPools pools = work.Batch.Pools!;
        UserPool<S, V>.Prefetch(work.Memory.Encoder!, work.Batch.Users[pools.Firsts[run]], pools.Ends[run]);
    }
}
