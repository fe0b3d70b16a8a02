using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NcfSpark.Evaluation;

/// <summary>
/// A user's K best items, best first: by falling score, equal scores by rising item index, NaN last. A heap of K holds the best so far;
/// most items are passed over eight at a time, since none of them beats the worst of the heap.
/// </summary>
public static class TopItems
{
    /// <param name="scores_N">All items' scores.</param>
    /// <param name="k">At most so many items are returned; fewer where there are fewer.</param>
    public static int[] Of(ReadOnlySpan<float> scores_N, ReadOnlySpan<int> excluded, int k)
    {
        bool[] isExcluded = new bool[scores_N.Length];
        foreach (int item in excluded) isExcluded[item] = true;
        ulong[] heap = new ulong[Math.Min(k, scores_N.Length)];
        int[] top = new int[Select(scores_N, isExcluded, heap)];
        for (int place = 0; place < top.Length; place++) top[place] = ItemOf(heap[place]);
        return top;
    }

    internal static int ItemOf(ulong key) => (int)~(uint)key;

    /// <summary>Fills <paramref name="keys"/> with as many of the best items as there are, best first, and returns how many.</summary>
    internal static int Select(ReadOnlySpan<float> scores_N, ReadOnlySpan<bool> isExcluded_N, Span<ulong> keys)
    {
        int item = 0, count = 0;
        for (; item < scores_N.Length && count < keys.Length; item++)
        {
            if (!isExcluded_N[item]) keys[count++] = KeyOf(scores_N[item], item);
        }

        if (count == 0) return 0;
        for (int root = count / 2 - 1; root >= 0; root--) SiftDown(keys[..count], root);

        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(scores_N);
        while (item < scores_N.Length)
        {
            float worst = scores_N[ItemOf(keys[0])];
            // A later item enters by a higher score only: where equal, the earlier stays. Where the worst is NaN, any number enters.
            bool inVectors = item % Vector256<float>.Count == 0 && item / Vector256<float>.Count < vectors.Length;
            if (inVectors && !float.IsNaN(worst) && !Vector256.GreaterThanAny(vectors[item / Vector256<float>.Count], Vector256.Create(worst)))
            {
                item += Vector256<float>.Count;
                continue;
            }

            ulong key = KeyOf(scores_N[item], item);
            if (key > keys[0] && !isExcluded_N[item])
            {
                keys[0] = key;
                SiftDown(keys, 0);
            }

            item++;
        }

        keys[..count].Sort(static (a, b) => b.CompareTo(a));
        return count;
    }

    // A number that is larger the better the item: the score's bits made to rise with it (0 for NaN), then the complement of the index.
    private static ulong KeyOf(float score, int item)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f); // -0 + 0 is 0: they are equal, and must not be told apart
        uint rising = float.IsNaN(score) ? 0 : bits >= 0x80000000 ? ~bits : bits | 0x80000000;
        return ((ulong)rising << 32) | ~(uint)item;
    }

    private static void SiftDown(Span<ulong> heap, int place)
    {
        ulong sinking = heap[place];
        while (true)
        {
            int child = 2 * place + 1;
            if (child >= heap.Length) break;
            if (child + 1 < heap.Length && heap[child + 1] < heap[child]) child++;
            if (heap[child] >= sinking) break;
            heap[place] = heap[child];
            place = child;
        }

        heap[place] = sinking;
    }
}
