using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>Scores of a baseline that serves (<see cref="ItemWeights"/>), for users as <see cref="ModelWeights.Pools"/> has them. Not probabilities.</summary>
/// <param name="weights">A model whose <see cref="ModelWeights.Baseline"/> is set.</param>
/// <param name="items">The items that are scored, rising.</param>
public sealed class BaselineScorer(ModelWeights weights, int[] items) : ISessionScorer
{
    private readonly ItemWeights baseline = weights.Baseline!;

    public int ItemCount => items.Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        double[] sums_N = new double[baseline.ItemCount];
        for (int b = 0; b < users_B.Length; b++) Score(HistoryOf(users_B[b]), sums_N, scores_BN.Slice(b * ItemCount, ItemCount));
    }

    public void FindBest(
        ReadOnlyMemory<int> users, ExcludedItems excluded, IReadOnlyList<TopLists> lists, int threads, CancellationToken cancellation = default) =>
        Parallel.For(0, users.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation },
            () => (Sums_N: new double[baseline.ItemCount], Scores_N: new float[ItemCount]), (place, _, buffers) =>
            {
                int user = users.Span[place];
                Score(HistoryOf(user), buffers.Sums_N, buffers.Scores_N);
                foreach (TopLists best in lists) best.Keep(place, buffers.Scores_N, items, excluded(user), user);
                return buffers;
            }, _ => { });

    public void FindBest(UserSession session, int[] excluded, TopLists best)
    {
        float[] scores_N = new float[ItemCount];
        Score(session.Pool, new double[baseline.ItemCount], scores_N);
        best.Keep(0, scores_N, items, excluded, session.User);
    }

    public void ScorePairs(ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P)
    {
        double[] sums_N = new double[baseline.ItemCount];
        for (int p = 0; p < scores_P.Length; p++)
        {
            if (p == 0 || users_P[p] != users_P[p - 1]) baseline.Score(HistoryOf(users_P[p]), sums_N);
            scores_P[p] = (float)sums_N[items_P[p]];
        }
    }

    public void Dispose()
    {
        // It holds nothing but arrays.
    }

    private ReadOnlySpan<int> HistoryOf(int user) => user < 0 || weights.Pools is not { } pools ? [] : pools[user];

    private void Score(ReadOnlySpan<int> history, double[] sums_N, Span<float> scores_N)
    {
        baseline.Score(history, sums_N);
        for (int place = 0; place < items.Length; place++) scores_N[place] = (float)sums_N[items[place]];
    }
}
