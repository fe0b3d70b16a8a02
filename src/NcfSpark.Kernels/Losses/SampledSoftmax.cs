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
    private const int ColumnsAtOnce = 64;
    private const int SamplesAtOnce = 64;
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
        float* gradients = stackalloc float[SamplesAtOnce * ColumnsAtOnce];
        float decay = work.Rows.Rate * work.Rows.L2;
        int width = work.Memory.Width, samples = work.Samples;
        for (int first = 0; first < samples; first += SamplesAtOnce)
        {
            int count = Math.Min(SamplesAtOnce, samples - first);
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

        static float* memoryRow(in UserHistoryWork work, int sample) => work.Memory.Items + (long)work.ItemRows[sample] * work.Memory.Width;
    }

    private static void Multiply(in UserHistoryWork work, int chunk, int start)
    {
        int width = work.Memory.Width;
        float* users = work.Buffers.Users + (long)start * width, transposed = work.Buffers.UsersTransposed(chunk);
        for (int g = 0; g < Groups; g++) // groups beyond the last are computed and not used
        {
            for (int k = 0; k < width; k++) transposed[k * Groups + g] = users[(long)g * width + k];
        }

        PrefetchList none = default;
        var product = new MatrixProduct
        {
            A = work.Memory.Items, ARow = width, ATerm = 1, ARows = work.ItemRows, // beyond the last sample, items of an earlier batch
            B = transposed, BTerm = Groups,
            C = work.Buffers.SampledLogits(chunk), CRow = Groups, Start = work.Memory.Dense.Zeros,
            Rows = (work.Samples + 7) & ~7, Terms = width, Columns = Groups,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in product, ref none);
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
                if (biases) logit += memory.ItemBiases[work.ItemRows[s]];
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
            float more = biases ? work.Memory.ItemBiases[work.ItemRows[s]] + work.NegativeShift : work.NegativeShift;
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
        V inverseCount = S.Broadcast(1f / work.Samples);
        long end = (long)work.Samples * Groups;
        for (int lane = 0; lane < Groups; lane += 2 * S.Lanes) // two, since each maximum and sum has to wait for the one before
        {
            float* column = work.Buffers.SampledLogits(chunk) + lane, other = column + S.Lanes;
            V positive = S.Load(positives + lane), otherPositive = S.Load(positives + lane + S.Lanes);
            V most = positive, otherMost = otherPositive, sum = default, otherSum = default;
            for (long s = 0; s < end; s += Groups)
            {
                most = S.Add(most, S.Relu(S.Subtract(S.Load(column + s), most)));
                otherMost = S.Add(otherMost, S.Relu(S.Subtract(S.Load(other + s), otherMost)));
            }

            for (long s = 0; s < end; s += Groups)
            {
                V e = S.Exp(S.Subtract(S.Load(column + s), most));
                S.Store(e, column + s);
                sum = S.Add(sum, e);
                e = S.Exp(S.Subtract(S.Load(other + s), otherMost));
                S.Store(e, other + s);
                otherSum = S.Add(otherSum, e);
            }

            V share = Shares(positive, most, sum, inverseCount, positives + lane, weights + lane, losses + lane);
            V otherShare = Shares(
                otherPositive, otherMost, otherSum, inverseCount, positives + lane + S.Lanes, weights + lane + S.Lanes, losses + lane + S.Lanes);
            for (long s = 0; s < end; s += Groups)
            {
                S.Store(S.Multiply(S.Load(column + s), share), column + s);
                S.Store(S.Multiply(S.Load(other + s), otherShare), other + s);
            }
        }
    }

    // What the exponentials of the negatives are multiplied by; with the losses, and the gradients of the positives in their place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Shares(V positive, V most, V sum, V inverseCount, float* gradients, float* weights, float* losses)
    {
        V own = S.Exp(S.Subtract(positive, most)), weight = S.Load(weights), scale = S.Multiply(weight, inverseCount);
        sum = S.Add(sum, own);
        S.Store(S.Multiply(weight, S.Add(S.Log(sum), S.Subtract(most, positive))), losses);
        V share = S.Divide(scale, sum);
        S.Store(S.Subtract(S.Multiply(own, share), scale), gradients);
        return share;
    }

    private static void TowardsUsers(in UserHistoryWork work, int chunk, int start)
    {
        int width = work.Memory.Width;
        float* gradients = work.Buffers.UserGradients + (long)start * width;
        PrefetchList none = default;
        var product = new MatrixProduct
        {
            A = work.Buffers.SampledLogits(chunk), ARow = 1, ATerm = Groups,
            B = work.Memory.Items, BTerm = width, BRows = work.ItemRows,
            C = gradients, CRow = width, Start = work.Memory.Dense.Zeros,
            Rows = Groups, Terms = work.Samples, Columns = width,
        };
        BlockedGemm<S, V>.Multiply<Plain, ListedTerms>(in product, ref none);
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
        const int AtOnce = 4; // sums, since each addition to one has to wait for the one before
        float* sums = stackalloc float[AtOnce];
        for (int first = 0; first < work.Samples; first += AtOnce)
        {
            float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (int chunk = 0, start = 0; start < work.Groups; chunk++, start += Groups)
            {
                float* row = work.Buffers.SampledLogits(chunk) + (long)first * Groups, end = row + Math.Min(Groups, work.Groups - start);
                for (; row < end; row++)
                {
                    sum0 += row[0];
                    sum1 += row[Groups];
                    sum2 += row[2 * Groups];
                    sum3 += row[3 * Groups];
                }
            }

            (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3);
            for (int s = first; s < Math.Min(first + AtOnce, work.Samples); s++)
            {
                ref float bias = ref work.Memory.ItemBiases[work.ItemRows[s]];
                bias = bias * (1 - decay * work.Batch.Weights[s]) - work.Rows.Rate * sums[s - first];
            }
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
