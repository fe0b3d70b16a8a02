using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>
/// Users' vectors for GMF and MF, from plain memory:
/// <code>
/// h = factor · Σ_k share_k y_k              y_k: row of item_history for the k-th latest item
/// x = [y_1; …; y_L; h; p; r]                p: the user's own embedding; r: temporal features, if the MLP uses them
/// v = p + h + V_2 relu(V_1 x + c_1) + c_2   the last two terms only with an MLP; without a history v = p
/// </code>
/// Several threads may call it at once. A user's vector does not depend on the other users of a call.
/// </summary>
internal sealed class UserVectors : IDisposable
{
    private readonly ModelWeights weights;
    private readonly float[][] shares;
    private readonly BatchedMlp? mlp;
    private readonly ConcurrentBag<BatchedMlpBuffers> batches = []; // buffers that no thread is using

    public UserVectors(ModelWeights weights, SimdLevel level)
    {
        this.weights = weights;
        shares = weights.ItemHistory is null ? [] : PoolShares.Of(weights.Options.History.Length, weights.Options.History.Decay);
        if (weights.UserLayers is not [var hidden, var output]) return;
        mlp = new BatchedMlp(hidden.Weight.Columns, hidden.Weight.Rows, output.Weight.Rows, level);
        for (int n = 0; n < hidden.Weight.Rows; n++) mlp.SetHidden(n, hidden.Weight.Row(n), hidden.Bias.Values[n]);
        for (int n = 0; n < output.Weight.Rows; n++) mlp.SetOutput(n, output.Weight.Row(n), output.Bias.Values[n]);
    }

    /// <summary>Writes users' vectors.</summary>
    /// <param name="vectors">Receives the vectors [E].</param>
    /// <param name="stride">From one vector to the next.</param>
    public void Write(ReadOnlySpan<int> users_T, Span<float> vectors, int stride)
    {
        int size = weights.UserGmf!.Columns;
        if (mlp is null)
        {
            for (int t = 0; t < users_T.Length; t++)
            {
                Span<float> vector = vectors.Slice(t * stride, size);
                WritePool(users_T[t], vector);
                Add(weights.UserGmf.Row(users_T[t]), 1, vector);
            }

            return;
        }

        if (!batches.TryTake(out BatchedMlpBuffers? batch)) batch = mlp.NewBatch();
        for (int start = 0; start < users_T.Length; start += BatchedMlpBuffers.Lanes)
        {
            int count = Math.Min(BatchedMlpBuffers.Lanes, users_T.Length - start);
            for (int lane = 0; lane < count; lane++) SetInputs(batch, lane, users_T[start + lane], vectors.Slice((start + lane) * stride, size));
            mlp.Apply(batch);
            for (int lane = 0; lane < count; lane++) batch.AddTo(lane, vectors.Slice((start + lane) * stride, size));
        }

        batches.Add(batch);
    }

    public void Dispose()
    {
        mlp?.Dispose();
        foreach (BatchedMlpBuffers batch in batches) batch.Dispose();
    }

    // Sets the inputs of the MLP, and writes p + h to the vector.
    private void SetInputs(BatchedMlpBuffers batch, int lane, int user, Span<float> vector)
    {
        ReadOnlySpan<int> pool = PoolOf(user);
        int lags = weights.Options.UserMlp.Lags, size = vector.Length, filled = Math.Min(lags, pool.Length);
        for (int k = 0; k < filled; k++) batch.Set(lane, k * size, weights.ItemHistory!.Row(pool[k]));
        batch.Clear(lane, filled * size, (lags - filled) * size);
        WritePool(user, vector);
        batch.Set(lane, lags * size, vector);
        ReadOnlySpan<float> own = weights.UserGmf!.Row(user);
        batch.Set(lane, (lags + 1) * size, own);
        if (weights.Options.HasTemporalFeatures)
        {
            Span<float> features = stackalloc float[TemporalFeatures.Count];
            TemporalFeatureBits.Unpack(weights.Pools?.TemporalFeatures_U[user] ?? 0, features);
            batch.Set(lane, (lags + 2) * size, features);
        }

        Add(own, 1, vector);
    }

    // h
    private void WritePool(int user, Span<float> vector)
    {
        vector.Clear();
        if (weights.ItemHistory is not { } table) return;
        ReadOnlySpan<int> pool = PoolOf(user);
        for (int k = 0; k < pool.Length; k++) Add(table.Row(pool[k]), (float)weights.Options.History.Factor * shares[pool.Length][k], vector);
    }

    private ReadOnlySpan<int> PoolOf(int user) => weights.Pools is { } pools ? pools[user] : [];

    private static void Add(ReadOnlySpan<float> row, float share, Span<float> vector)
    {
        ReadOnlySpan<Vector<float>> rows = MemoryMarshal.Cast<float, Vector<float>>(row);
        Span<Vector<float>> sums = MemoryMarshal.Cast<float, Vector<float>>(vector);
        for (int v = 0; v < sums.Length; v++) sums[v] += rows[v] * share;
        for (int e = sums.Length * Vector<float>.Count; e < vector.Length; e++) vector[e] += row[e] * share;
    }
}
