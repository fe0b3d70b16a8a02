using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NcfSpark.Evaluation;

/// <summary>
/// Where a user's held-out items stand among the candidates, by counting: no list is sorted. Candidates are all items but the excluded.
/// A held-out item's rank (from 0) is the number of candidates that are not held out and do not score below it, so ties and NaN count
/// against the model, plus the number of the user's own held-out items before it: by falling score, NaN last.
/// </summary>
/// <remarks>
/// Better-scored held-out items have smaller ranks, so they are counted best first and counting ends at the first beyond the largest
/// cut-off: at most that many + 1 passes over the scores, each of them a comparison a lane.
/// </remarks>
internal static class HeldOutRanks
{
    /// <param name="scores_N">All items' scores.</param>
    /// <param name="heldOut">The user's held-out items, distinct.</param>
    /// <param name="excluded">Items that are no candidates, distinct, none of them held out.</param>
    /// <param name="limit">Ranks from here on are of no interest.</param>
    /// <param name="ranks">Receives the ranks below <paramref name="limit"/>, rising. As long as <paramref name="heldOut"/>.</param>
    /// <returns>How many ranks were written.</returns>
    public static int Count(ReadOnlySpan<float> scores_N, ReadOnlySpan<int> heldOut, ReadOnlySpan<int> excluded, int limit, Span<int> ranks)
    {
        Span<float> own = heldOut.Length <= 256 ? stackalloc float[heldOut.Length] : new float[heldOut.Length];
        for (int h = 0; h < heldOut.Length; h++) own[h] = scores_N[heldOut[h]];
        own.Sort(static (a, b) => b.CompareTo(a)); // CompareTo puts NaN lowest, so it comes last here

        for (int h = 0; h < own.Length; h++)
        {
            int rank = h + CountNotBelow(scores_N, own[h]);
            foreach (float other in own) rank -= !(other < own[h]) ? 1 : 0;
            foreach (int item in excluded) rank -= !(scores_N[item] < own[h]) ? 1 : 0;
            if (rank >= limit) return h;
            ranks[h] = rank;
        }

        return own.Length;
    }

    private static int CountNotBelow(ReadOnlySpan<float> scores, float bound)
    {
        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(scores);
        Vector256<float> bounds = Vector256.Create(bound);
        Vector256<int> belowByLane = Vector256<int>.Zero;
        foreach (Vector256<float> vector in vectors) belowByLane -= Vector256.LessThan(vector, bounds).AsInt32(); // true is -1
        int below = Vector256.Sum(belowByLane);
        foreach (float score in scores[(vectors.Length * Vector256<float>.Count)..]) below += score < bound ? 1 : 0;
        return scores.Length - below;
    }
}
