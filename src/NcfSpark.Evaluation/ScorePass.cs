using System.Buffers;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// One pass of a scorer over all users that some measures need. Users are scored in blocks, in parallel, and a block's scores are forgotten
/// once measured: memory is threads times one block, never users times items.
/// </summary>
internal static class ScorePass
{
    private const int LargestBlock = 64;
    private const int BlockScores = 1 << 22; // 16 MB of scores a thread, so wide catalogues get fewer users a block

    public static void Run(string title, IScorer scorer, IReadOnlyList<IMeasure> measures, int threads, IProgressReporter progress)
    {
        int[] users = UnionOf(measures);
        int itemCount = scorer.ItemCount;
        int block = Math.Clamp(BlockScores / Math.Max(1, itemCount), 1, LargestBlock);
        int blockCount = (users.Length + block - 1) / block;
        using IProgressTask task = progress.Start(title, users.Length, "users");
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };
        Parallel.For(0, blockCount, parallel, () => ArrayPool<float>.Shared.Rent(block * itemCount), (b, _, buffer) =>
        {
            ReadOnlySpan<int> users_B = users.AsSpan(b * block, Math.Min(block, users.Length - b * block));
            Span<float> scores_BN = buffer.AsSpan(0, users_B.Length * itemCount);
            scorer.ScoreAll(users_B, scores_BN);
            foreach (IMeasure measure in measures) measure.Take(users_B, scores_BN);
            task.Advance(users_B.Length);
            return buffer;
        }, buffer => ArrayPool<float>.Shared.Return(buffer));
    }

    private static int[] UnionOf(IReadOnlyList<IMeasure> measures)
    {
        var union = new HashSet<int>();
        foreach (IMeasure measure in measures)
        {
            foreach (int user in measure.Users) union.Add(user);
        }

        int[] users = [.. union];
        Array.Sort(users);
        return users;
    }
}

/// <summary>
/// Something measured on users' scores. It is shown each user once, in blocks, from several threads at once; a block writes only to its own
/// users' places, so the order in which blocks come changes nothing.
/// </summary>
internal interface IMeasure
{
    /// <summary>The users that it has to see, each once.</summary>
    ReadOnlySpan<int> Users { get; }

    /// <param name="users_B">User indexes; users that it does not measure may be among them.</param>
    /// <param name="scores_BN">All items' scores, a row for each user.</param>
    void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN);
}
