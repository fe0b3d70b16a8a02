using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The loss of <see cref="SampledSoftmaxOptions"/> and its gradients. A chunk's logits against all N samples of the
/// batch are one matrix product, and so are the gradients of its users and of the items. The logits are stored sample by
/// sample, [N, 32], with a column for each of the chunk's groups, so that sums over samples are computed for all columns
/// at once. A sample that is not a negative of a group has gradient 0 in its column.
/// </summary>
internal static unsafe class SampledSoftmax<S, V>
    where S : ISimd<V>
    where V : struct
{
    private const int Groups = UserHistoryWork.ChunkGroups;
    private const int ColumnsAtOnce = 32;
    private const float LeftOut = -1e30f; // its exponential is 0

    /// <summary>Computes a chunk's losses and the gradients of its logits, its users and the head's bias.</summary>
    /// <returns>The sum of its losses.</returns>
    public static double Compute(in UserHistoryWork work, int chunk, int start, int count)
    {
        float* positives = stackalloc float[3 * Groups], weights = positives + Groups, losses = weights + Groups;
        new Span<float>(positives, 3 * Groups).Clear();
        Multiply(in work, chunk, start);
        TakeOwn(in work, chunk, start, count, positives, weights);
        LeaveOut(in work, chunk, start, count);
        Softmax(in work, chunk, positives, weights, losses);
        float* logits = work.Buffers.SampledLogits(chunk);
        for (int g = 0; g < count; g++) logits[(long)(start + g) * work.GroupSize * Groups + g] = positives[g];
        TowardsUsers(in work, chunk, start);
        double loss = DotProduct<S, V>.Loss(in work, start, count);
        float headBias = 0;
        for (int s = start * work.GroupSize; s < (start + count) * work.GroupSize; s++) headBias += work.Buffers.LogitGradients[s];
        work.Memory.HeadBiasGradient(chunk) = headBias;
        for (int g = 0; g < count; g++) loss += losses[g];
        return loss;
    }

    /// <summary>Updates a range of columns of the samples' item rows; with column 0 also their biases.</summary>
    public static void UpdateItems(in UserHistoryWork work, int column, int columns)
    {
        float* gradients = stackalloc float[UserHistoryBuffers.TileSamples * ColumnsAtOnce];
        float decay = work.Rows.Rate * work.Rows.L2;
        int width = work.Memory.Width, samples = work.Samples;
        for (int first = 0; first < samples; first += UserHistoryBuffers.TileSamples)
        {
            int count = Math.Min(UserHistoryBuffers.TileSamples, samples - first);
            for (int at = column; at < column + columns; at += ColumnsAtOnce)
            {
                int part = Math.Min(ColumnsAtOnce, column + columns - at);
                TowardsItems(in work, first, count, at, part, gradients);
                for (int s = 0; s < count; s++)
                {
                    UserHistoryUpdates<S, V>.Update(
                        memoryRow(in work, first + s) + at, gradients + s * ColumnsAtOnce, -work.Rows.Rate, 1 - decay * work.Batch.Weights[first + s], 0, part);
                }
            }
        }

        if (column == 0 && work.Memory.HasBiases) UpdateItemBiases(in work, decay);

        static float* memoryRow(in UserHistoryWork work, int sample) => work.Memory.Items + (long)work.Batch.Items[sample] * work.Memory.Width;
    }

    private static void Multiply(in UserHistoryWork work, int chunk, int start)
    {
        int width = work.Memory.Width, samples = work.Samples;
        float* users = work.Buffers.Users + (long)start * width, transposed = work.Buffers.UsersTransposed(chunk), tile = work.Buffers.Tile(chunk);
        for (int g = 0; g < Groups; g++) // groups beyond the last are computed and not used
        {
            for (int k = 0; k < width; k++) transposed[k * Groups + g] = users[(long)g * width + k];
        }

        PrefetchList none = default;
        for (int first = 0; first < samples; first += UserHistoryBuffers.TileSamples)
        {
            int count = Math.Min(UserHistoryBuffers.TileSamples, samples - first);
            Gather(in work, first, count, tile);
            var product = new MatrixProduct
            {
                A = tile, ARow = width, ATerm = 1,
                B = transposed, BTerm = Groups,
                C = work.Buffers.SampledLogits(chunk) + (long)first * Groups, CRow = Groups, Start = work.Memory.Dense.Zeros,
                Rows = (count + 7) & ~7, Terms = width, Columns = Groups,
            };
            BlockedGemm<S, V>.Multiply<Plain>(in product, ref none);
        }
    }

    // Takes out the logits of each group's own samples (with all biases) and of its positive (with the item's bias).
    private static void TakeOwn(in UserHistoryWork work, int chunk, int start, int count, float* positives, float* weights)
    {
        UserHistoryMemory memory = work.Memory;
        bool biases = work.Memory.HasBiases;
        float* logits = work.Buffers.SampledLogits(chunk);
        for (int g = 0; g < count; g++)
        {
            int first = (start + g) * work.GroupSize;
            float bias = memory.HeadBias;
            if (biases) bias += memory.UserBiases[work.Batch.Users[first]];
            for (int s = first; s < first + work.GroupSize; s++)
            {
                float logit = logits[(long)s * Groups + g];
                if (biases) logit += memory.ItemBiases[work.Batch.Items[s]];
                if (s == first) positives[g] = logit;
                work.Buffers.Logits[s] = logit + bias;
            }

            weights[g] = work.Batch.Weights[first];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LeaveOut(in UserHistoryWork work, int chunk, int start, int count)
    {
        bool biases = work.Memory.HasBiases;
        UserHistoryEncoder past = work.Memory.Encoder;
        float* logits = work.Buffers.SampledLogits(chunk), labels = work.Batch.Labels;
        int samples = work.Samples;
        for (int s = 0; s < samples; s++)
        {
            float* row = logits + (long)s * Groups;
            float more = biases ? work.Memory.ItemBiases[work.Batch.Items[s]] + work.NegativeShift : work.NegativeShift;
            for (int g = 0; g < Groups; g += S.Lanes) S.Store(labels[s] == 0 ? S.Add(S.Load(row + g), S.Broadcast(more)) : S.Broadcast(LeftOut), row + g);
        }

        for (int g = 0; g < count; g++)
        {
            int first = (start + g) * work.GroupSize, user = work.Batch.Users[first];
            work.Buffers.Lookups[chunk] += work.Touched is not { } sets ? LeaveOut(in work, logits + g, work.Batch.Items + first, 1)
                : sets[user] is { IsThere: true } touched ? LeaveOut(in work, logits + g, touched, samples)
                : LeaveOut(in work, logits + g, past.Items + past.Starts[user], past.Starts[user + 1] - past.Starts[user]);
        }
    }

    // Leaves out a group's negatives that are among these items. Returns the number of items.
    private static int LeaveOut(in UserHistoryWork work, float* logits, int* items, int count)
    {
        int* latest = work.Negatives!.Latest, before = work.Negatives.Before;
        for (int* end = items + count; items < end; items++)
        {
            for (int s = latest[*items]; s >= 0; s = before[s]) logits[(long)s * Groups] = LeftOut;
        }

        return count;
    }

    // The same with a set and one lookup for each sample. Positives are left out already.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int LeaveOut(in UserHistoryWork work, float* logits, ItemSet touched, int samples)
    {
        int* items = work.Batch.Items;
        for (int s = 0; s < samples; s++)
        {
            if (touched.Holds(items[s])) logits[(long)s * Groups] = LeftOut;
        }

        return samples;
    }

    // Replaces the logits, those of the positives too, by their gradients.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(in UserHistoryWork work, int chunk, float* positives, float* weights, float* losses)
    {
        int samples = work.Samples;
        V inverseCount = S.Broadcast(1f / work.Samples);
        for (int lane = 0; lane < Groups; lane += S.Lanes)
        {
            float* column = work.Buffers.SampledLogits(chunk) + lane;
            V positive = S.Load(positives + lane), most = positive, sum = default;
            for (int s = 0; s < samples; s++) most = S.Add(most, S.Relu(S.Subtract(S.Load(column + (long)s * Groups), most)));
            for (int s = 0; s < samples; s++)
            {
                V e = S.Exp(S.Subtract(S.Load(column + (long)s * Groups), most));
                S.Store(e, column + (long)s * Groups);
                sum = S.Add(sum, e);
            }

            V own = S.Exp(S.Subtract(positive, most)), weight = S.Load(weights + lane), scale = S.Multiply(weight, inverseCount);
            sum = S.Add(sum, own);
            S.Store(S.Multiply(weight, S.Add(S.Log(sum), S.Subtract(most, positive))), losses + lane);
            V share = S.Divide(scale, sum);
            for (int s = 0; s < samples; s++) S.Store(S.Multiply(S.Load(column + (long)s * Groups), share), column + (long)s * Groups);
            S.Store(S.Subtract(S.Multiply(own, share), scale), positives + lane);
        }
    }

    private static void TowardsUsers(in UserHistoryWork work, int chunk, int start)
    {
        int width = work.Memory.Width, samples = work.Samples;
        float* gradients = work.Buffers.UserGradients + (long)start * width, tile = work.Buffers.Tile(chunk);
        PrefetchList none = default;
        for (int first = 0; first < samples; first += UserHistoryBuffers.TileSamples)
        {
            int count = Math.Min(UserHistoryBuffers.TileSamples, samples - first);
            Gather(in work, first, count, tile);
            var product = new MatrixProduct
            {
                A = work.Buffers.SampledLogits(chunk) + (long)first * Groups, ARow = 1, ATerm = Groups,
                B = tile, BTerm = width,
                C = gradients, CRow = width, Start = first == 0 ? work.Memory.Dense.Zeros : gradients, StartRow = first == 0 ? 0 : width,
                Rows = Groups, Terms = count, Columns = width,
            };
            BlockedGemm<S, V>.Multiply<Plain>(in product, ref none);
        }
    }

    private static void TowardsItems(in UserHistoryWork work, int first, int count, int column, int columns, float* gradients)
    {
        int width = work.Memory.Width;
        PrefetchList none = default;
        for (int chunk = 0, start = 0; start < work.Groups; chunk++, start += Groups)
        {
            var product = new MatrixProduct
            {
                A = work.Buffers.SampledLogits(chunk) + (long)first * Groups, ARow = Groups, ATerm = 1,
                B = work.Buffers.Users + (long)start * width + column, BTerm = width,
                C = gradients, CRow = ColumnsAtOnce, Start = chunk == 0 ? work.Memory.Dense.Zeros : gradients, StartRow = chunk == 0 ? 0 : ColumnsAtOnce,
                Rows = (count + 7) & ~7, Terms = Math.Min(Groups, work.Groups - start), Columns = columns,
            };
            BlockedGemm<S, V>.Multiply<Plain>(in product, ref none);
        }
    }

    private static void UpdateItemBiases(in UserHistoryWork work, float decay)
    {
        for (int s = 0; s < work.Samples; s++)
        {
            float sum = 0;
            for (int chunk = 0, start = 0; start < work.Groups; chunk++, start += Groups)
            {
                float* row = work.Buffers.SampledLogits(chunk) + (long)s * Groups;
                for (int g = 0; g < Math.Min(Groups, work.Groups - start); g++) sum += row[g];
            }

            ref float bias = ref work.Memory.ItemBiases[work.Batch.Items[s]];
            bias = bias * (1 - decay * work.Batch.Weights[s]) - work.Rows.Rate * sum;
        }
    }

    private static void Gather(in UserHistoryWork work, int first, int count, float* tile)
    {
        int width = work.Memory.Width;
        for (int s = 0; s < count; s++)
        {
            Unsafe.CopyBlock(tile + s * width, work.Memory.Items + (long)work.Batch.Items[first + s] * width, (uint)(width * sizeof(float)));
        }
    }
}

/// <summary>
/// Softmax over sampled items, in place of a logistic loss for each sample: each positive competes with the negatives
/// of all groups of its batch.
/// <code>
/// loss = w (log(e^z + Σ_n e^(z_n + shift)) - z)     z = u · q + b_i of the positive, z_n of the batch's negatives n
/// </code>
/// Adding a constant to all logits of a user does not change the softmax, so it gives b and b_u no gradient. These are
/// trained by the logistic loss of the group's own samples with u · q + b_i held fixed, which keeps scores close to
/// probabilities.
/// </summary>
/// <param name="ExceptTouched">Whether to leave out negatives that the positive's user has in the training data.
/// Otherwise only the positive's own item is left out.</param>
/// <param name="Negatives">Number of negatives that those of the batch stand for: shift = log(Negatives / negatives in
/// the batch). 0: as many as are in the batch.</param>
public sealed record SampledSoftmaxOptions(bool ExceptTouched, int Negatives);
