using System.Numerics;

namespace NcfSpark.Kernels;

/// <summary>
/// The user encoder "attention": a causal transformer over a user's items, oldest first, with gated pre-norm blocks
/// (LiGR) and SwiGLU. E = Size, H heads of D = E / H, F = 2 E; i_t is item t, s_t its time in seconds, n_t the moment that
/// is asked about after it, where that is told: s_(t+1), and for the latest item that of the request.
/// <code>
/// x_t = drop(sqrt(E) q[i_t] + gap[bucket(s_t - s_(t-1))] + moment[bucket(n_t - s_t)])
///       the first token's gap has bucket 0; moment has a last row for what is not told; rms(x) = x / sqrt(mean(x²) + 1e-6)
/// in each block:
///   n = rms(x) ∘ g_1     [a_q; a_k; a_v; z] = W_in n
///   logit[h, t, s] = a_q[h, t] · a_k[h, s] / sqrt(D) + position[h, t - s] + time[h, bucket(s_t - s_s)]     s ≤ t
///   x = x + sigmoid(z) ∘ drop(W_out o)                            o = softmax_s(logit) a_v, head beside head
///   m = rms(x) ∘ g_2     [u; w; y] = W_hidden m
///   x = x + sigmoid(y) ∘ drop(W_final (silu(u) ∘ w))              silu(u) = u sigmoid(u)
/// v_t = rms(x_t) ∘ g
/// </code>
/// v_t predicts item t + 1; a user's vector is the v of the latest item plus the user's own row. In training a share of the
/// users, drawn anew for each batch, is told its moments (<see cref="Told"/>), and the others are not, so that one model answers both.
/// </summary>
public sealed record AttentionShape
{
    public const float Epsilon = 1e-6f;

    private const int InBlock = 8;

    /// <summary>E, a multiple of 16 · Heads.</summary>
    public required int Size { get; init; }

    public required int Heads { get; init; }

    public required int Blocks { get; init; }

    /// <summary>Most items of a user that are read.</summary>
    public required int Length { get; init; }

    public double Dropout { get; init; }

    /// <summary>Share of the users of a batch that are told their moments in training.</summary>
    public double Told { get; init; }

    /// <summary>F, the width of SwiGLU.</summary>
    public int Hidden => 2 * Size;

    /// <summary>The encoder's matrices, in the order in which they are stored.</summary>
    public IReadOnlyList<AttentionParameter> Parameters =>
    [
        new("attention.gap.weight", TimeBuckets.Count, Size, AttentionStart.Zero),
        new("attention.norm.weight", 1, Size, AttentionStart.One),
        .. Enumerable.Range(0, Blocks).SelectMany(b => new AttentionParameter[]
        {
            new($"attention.{b}.norm_1.weight", 1, Size, AttentionStart.One),
            new($"attention.{b}.input.weight", 4 * Size, Size, AttentionStart.Uniform),
            new($"attention.{b}.position.weight", Heads, Length, AttentionStart.Zero),
            new($"attention.{b}.time.weight", Heads, TimeBuckets.Count, AttentionStart.Zero),
            new($"attention.{b}.output.weight", Size, Size, AttentionStart.Uniform),
            new($"attention.{b}.norm_2.weight", 1, Size, AttentionStart.One),
            new($"attention.{b}.hidden.weight", 2 * Hidden + Size, Size, AttentionStart.Uniform),
            new($"attention.{b}.final.weight", Size, Hidden, AttentionStart.Uniform),
        }),
        new("attention.moment.weight", TimeBuckets.Count + 1, Size, AttentionStart.Zero),
    ];

    internal int MomentIndex => 2 + Blocks * InBlock;

    internal static int IndexOf(int block, AttentionPart part) => 2 + block * InBlock + (int)part;
}

/// <summary>A matrix of <see cref="AttentionShape"/>.</summary>
public sealed record AttentionParameter(string Name, int Rows, int Columns, AttentionStart Start);

/// <summary>Its values before training.</summary>
public enum AttentionStart
{
    Zero,
    One,

    /// <summary>Uniform within sqrt(3 / columns), which keeps the variance.</summary>
    Uniform,
}

/// <summary>The matrices of a block, in their order.</summary>
internal enum AttentionPart
{
    Norm1,
    Input,
    Position,
    Time,
    Output,
    Norm2,
    Hidden,
    Final,
}

/// <summary>
/// Times between two items, in steps of half an octave: 0 s and less are bucket 0, 1 s is 1, 2 s 3, 3 s 4, 4-5 s 5,
/// 6-7 s 6, 8-11 s 7, …; the last is everything from 2^31 s on.
/// </summary>
public static class TimeBuckets
{
    public const int Count = 64;

    /// <summary>The least time of a bucket above 0.</summary>
    internal static long Least(int bucket)
    {
        int octave = (bucket - 1) / 2;
        return (1L << octave) + ((bucket - 1) % 2 == 1 ? (1L << octave) >> 1 : 0);
    }

    public static int Of(long seconds)
    {
        if (seconds <= 0) return 0;
        int octave = BitOperations.Log2((ulong)seconds), half = octave == 0 ? 0 : (int)(seconds >> (octave - 1)) & 1;
        return Math.Min(1 + 2 * octave + half, Count - 1);
    }
}
