using System.Buffers;
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
/// v = p, or for a user without (p = 0) the encoder's for a row of the mean rating at the latest items; with interactions
/// v = p + attention(y_T, …, y_1)            with attention (<see cref="AttentionShape"/>), whose y_k are rows of item_gmf
/// </code>
/// Several threads may call it at once. A user's vector does not depend on the other users of a call.
/// </summary>
internal sealed class UserVectors : IDisposable
{
    private readonly ModelWeights weights;
    private readonly float[][] shares;
    private readonly BatchedMlp? mlp;
    private readonly AttentionEncoder? attention;
    private readonly ConcurrentBag<BatchedMlpBuffers> batches = []; // buffers that no thread is using

    public UserVectors(ModelWeights weights, SimdLevel level)
    {
        this.weights = weights;
        shares = weights.ItemHistory is null ? [] : PoolShares.Of(weights.Options.History.Length, weights.Options.History.Decay);
        if (weights.Options.HasAttention)
        {
            attention = new AttentionEncoder(weights.Options.AttentionShape, level);
            for (int parameter = 0; parameter < weights.Attention.Count; parameter++) attention.Set(parameter, weights.Attention[parameter].Values);
        }

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
            for (int t = 0; t < users_T.Length; t++) WriteWithoutMlp(InputOf(users_T[t]), vectors.Slice(t * stride, size));
            return;
        }

        if (!batches.TryTake(out BatchedMlpBuffers? batch)) batch = mlp.NewBatch();
        for (int start = 0; start < users_T.Length; start += BatchedMlpBuffers.Lanes)
        {
            int count = Math.Min(BatchedMlpBuffers.Lanes, users_T.Length - start);
            for (int lane = 0; lane < count; lane++) SetInputs(batch, lane, InputOf(users_T[start + lane]), vectors.Slice((start + lane) * stride, size));
            mlp.Apply(batch);
            for (int lane = 0; lane < count; lane++) batch.AddTo(lane, vectors.Slice((start + lane) * stride, size));
        }

        batches.Add(batch);
    }

    /// <summary>Writes the vector [E] of a session.</summary>
    public void Write(UserSession session, Span<float> vector)
    {
        var input = new Input(session.User < 0 ? [] : weights.UserGmf!.Row(session.User), session.Pool, session.Times, session.TemporalFeatures, moment: null);
        if (mlp is null)
        {
            WriteWithoutMlp(input, vector);
            return;
        }

        if (!batches.TryTake(out BatchedMlpBuffers? batch)) batch = mlp.NewBatch();
        SetInputs(batch, 0, input, vector);
        mlp.Apply(batch);
        batch.AddTo(0, vector);
        batches.Add(batch);
    }

    public void Dispose()
    {
        mlp?.Dispose();
        attention?.Dispose();
        foreach (BatchedMlpBuffers batch in batches) batch.Dispose();
    }

    // Sets the inputs of the MLP, and writes p + h to the vector.
    private void SetInputs(BatchedMlpBuffers batch, int lane, Input input, Span<float> vector)
    {
        int lags = weights.Options.UserMlp.Lags, size = vector.Length, filled = Math.Min(lags, input.Pool.Length);
        for (int k = 0; k < filled; k++) batch.Set(lane, k * size, weights.ItemHistory!.Row(input.Pool[k]));
        batch.Clear(lane, filled * size, (lags - filled) * size);
        WritePool(input.Pool, vector);
        batch.Set(lane, lags * size, vector);
        if (input.Own.IsEmpty) batch.Clear(lane, (lags + 1) * size, size);
        else batch.Set(lane, (lags + 1) * size, input.Own);
        if (weights.Options.HasTemporalFeatures)
        {
            Span<float> features = stackalloc float[TemporalFeatures.Count];
            TemporalFeatureBits.Unpack(input.TemporalFeatures, features);
            batch.Set(lane, (lags + 2) * size, features);
        }

        Add(input.Own, 1, vector);
    }

    private void WriteWithoutMlp(Input input, Span<float> vector)
    {
        if (weights.UserInteractions is { } encoder && input.Own.IndexOfAnyExcept(0) < 0)
        {
            InteractionVectors.Write(encoder, input.Pool, weights.MeanRating!.Values[0], vector);
            return;
        }

        if (attention is null) WritePool(input.Pool, vector);
        else WriteAttended(input, vector);
        Add(input.Own, 1, vector);
    }

    private void WriteAttended(Input input, Span<float> vector)
    {
        vector.Clear();
        int count = input.Pool.Length;
        if (count == 0) return;
        (int[] items, long[] times) = (ArrayPool<int>.Shared.Rent(count), ArrayPool<long>.Shared.Rent(count));
        for (int k = 0; k < count; k++) (items[count - 1 - k], times[count - 1 - k]) = (input.Pool[k], input.Times[k]);
        attention!.Encode(items.AsSpan(0, count), times.AsSpan(0, count), input.Moment, weights.ItemGmf!.Values, vector);
        ArrayPool<int>.Shared.Return(items);
        ArrayPool<long>.Shared.Return(times);
    }

    // h
    private void WritePool(ReadOnlySpan<int> pool, Span<float> vector)
    {
        vector.Clear();
        if (weights.ItemHistory is not { } table) return;
        for (int k = 0; k < pool.Length; k++) Add(table.Row(pool[k]), (float)weights.Options.History.Factor * shares[pool.Length][k], vector);
    }

    private Input InputOf(int user) => weights.Pools is { } pools
        ? new(weights.UserGmf!.Row(user), pools[user], pools.TimesOf(user), pools.TemporalFeatures_U[user], pools.MomentOf(user))
        : new(weights.UserGmf!.Row(user), [], [], 0, moment: null);

    private static void Add(ReadOnlySpan<float> row, float share, Span<float> vector)
    {
        if (row.IsEmpty) return; // somebody without a row
        ReadOnlySpan<Vector<float>> rows = MemoryMarshal.Cast<float, Vector<float>>(row);
        Span<Vector<float>> sums = MemoryMarshal.Cast<float, Vector<float>>(vector);
        for (int v = 0; v < sums.Length; v++) sums[v] += rows[v] * share;
        for (int e = sums.Length * Vector<float>.Count; e < vector.Length; e++) vector[e] += row[e] * share;
    }

    // p (empty for somebody without one), the latest items, latest first, with their times, r, and the moment that is asked about.
    private readonly ref struct Input(ReadOnlySpan<float> own, ReadOnlySpan<int> pool, ReadOnlySpan<long> times, uint temporalFeatures, long? moment)
    {
        public readonly ReadOnlySpan<float> Own = own;
        public readonly ReadOnlySpan<int> Pool = pool;
        public readonly ReadOnlySpan<long> Times = times;
        public readonly uint TemporalFeatures = temporalFeatures;
        public readonly long? Moment = moment;
    }
}

/// <summary>Somebody as a request describes them: what they used last, and who they are, if the model knows them.</summary>
/// <param name="User">Index of the user whose embedding and bias count; -1 for somebody whom the model does not know, who has neither.</param>
/// <param name="Pool">Their latest items, latest first, at most Model:History:Length. Empty if the model has no user history.</param>
/// <param name="Times">When these items were used, in seconds; empty if the model does not look at it.</param>
/// <param name="TemporalFeatures">The <see cref="Model.TemporalFeatures"/> of these items; 0 if times are not known.</param>
public sealed record UserSession(int User, int[] Pool, long[] Times, uint TemporalFeatures);
