using NcfSpark.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// The attention over a user's items, as autograd sees it, one user at a time; <see cref="AttentionShape"/> has the equations.
/// </summary>
/// <param name="parameters">In the order of <see cref="AttentionShape.Parameters"/>.</param>
internal sealed class UserAttention(AttentionShape shape, IReadOnlyList<Parameter> parameters)
{
    private readonly Parameter[][] blocks = [.. parameters.Skip(2).SkipLast(1).Chunk((parameters.Count - 3) / shape.Blocks)];

    /// <summary>v [T, E] of each of a user's items. Row t depends on items up to t alone.</summary>
    /// <param name="items_TE">Their rows of item_gmf, oldest first, at most <see cref="AttentionShape.Length"/>.</param>
    /// <param name="times_T">When each was used, in seconds.</param>
    /// <param name="moments_T">The moment that is asked about after each, no earlier; empty: they are not told.</param>
    /// <param name="dropout">Masks [T, E] of 0 and 1 / (1 - rate): of the tokens, then for each block of what attention and what its second half adds;
    /// empty for none.</param>
    public Tensor Forward(Tensor items_TE, ReadOnlySpan<long> times_T, ReadOnlySpan<long> moments_T, IReadOnlyList<Tensor> dropout)
    {
        int count = times_T.Length;
        long[] gaps_T = new long[count], askedAt_T = new long[count], distances_TT = new long[count * count], buckets_TT = new long[count * count];
        float[] future_TT = new float[count * count];
        for (int t = 0; t < count; t++)
        {
            askedAt_T[t] = moments_T.IsEmpty ? TimeBuckets.Count : TimeBuckets.Of(moments_T[t] - times_T[t]);
            gaps_T[t] = t == 0 ? 0 : TimeBuckets.Of(times_T[t] - times_T[t - 1]);
            for (int s = 0; s < count; s++)
            {
                int place = t * count + s;
                if (s > t) future_TT[place] = float.NegativeInfinity;
                else (distances_TT[place], buckets_TT[place]) = (t - s, TimeBuckets.Of(times_T[t] - times_T[s]));
            }
        }

        Tensor distances = tensor(distances_TT), buckets = tensor(buckets_TT), future = tensor(future_TT).reshape(count, count);
        Tensor added_TE = parameters[0].index_select(0, tensor(gaps_T)).Plus(parameters[^1].index_select(0, tensor(askedAt_T)));
        Tensor x_TE = Dropped((items_TE * tensor(MathF.Sqrt(shape.Size))).Plus(added_TE), 0);
        for (int b = 0; b < blocks.Length; b++)
        {
            (Parameter norm1, Parameter input, Parameter position, Parameter time) = (blocks[b][0], blocks[b][1], blocks[b][2], blocks[b][3]);
            (Parameter output, Parameter norm2, Parameter hidden, Parameter final) = (blocks[b][4], blocks[b][5], blocks[b][6], blocks[b][7]);
            Tensor joined = Normalized(x_TE, norm1).mm(input.t());
            Tensor bias_HTT = Biases(position, distances).Plus(Biases(time, buckets)).Plus(future);
            Tensor logits_HTT = Heads(joined, 0).bmm(Heads(joined, 1).transpose(1, 2)) * tensor(1 / MathF.Sqrt(shape.Size / shape.Heads));
            Tensor attended_TE = logits_HTT.Plus(bias_HTT).softmax(-1).bmm(Heads(joined, 2)).transpose(0, 1).reshape(count, shape.Size);
            x_TE = x_TE.Plus(joined.narrow(1, 3 * shape.Size, shape.Size).sigmoid() * Dropped(attended_TE.mm(output.t()), 1 + 2 * b));

            joined = Normalized(x_TE, norm2).mm(hidden.t());
            Tensor u = joined.narrow(1, 0, shape.Hidden), w = joined.narrow(1, shape.Hidden, shape.Hidden);
            added_TE = (u * u.sigmoid() * w).mm(final.t());
            x_TE = x_TE.Plus(joined.narrow(1, 2 * shape.Hidden, shape.Size).sigmoid() * Dropped(added_TE, 2 + 2 * b));
        }

        return Normalized(x_TE, parameters[1]);

        Tensor Heads(Tensor joined, int part) =>
            joined.narrow(1, part * shape.Size, shape.Size).reshape(count, shape.Heads, shape.Size / shape.Heads).transpose(0, 1);

        Tensor Biases(Parameter table, Tensor places) => table.index_select(1, places).reshape(shape.Heads, count, count);

        Tensor Dropped(Tensor values, int mask) => dropout.Count == 0 ? values : values * dropout[mask];
    }

    private static Tensor Normalized(Tensor x, Parameter gains) =>
        x * (x * x).mean([1], keepdim: true).Plus(tensor(AttentionShape.Epsilon)).rsqrt() * gains;
}
