namespace NcfSpark.Scoring;

/// <summary>
/// Keeps the K best of the items offered: by score, equal scores by item index, NaN never. A heap whose root is the worst of those kept, so
/// an item that is not among the best costs one comparison.
/// </summary>
internal sealed class TopK(int k)
{
    private readonly (float Score, int Item)[] heap = new (float, int)[k];

    /// <summary>How many are kept.</summary>
    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Offer(float score, int item)
    {
        if (float.IsNaN(score)) return;
        if (Count < heap.Length)
        {
            heap[Count] = (score, item);
            SiftUp(Count++);
        }
        else if (IsWorse(heap[0], (score, item)))
        {
            heap[0] = (score, item);
            SiftDown(0, Count);
        }
    }

    /// <summary>Those kept, best first. Empties the heap.</summary>
    public ReadOnlySpan<(float Score, int Item)> Take()
    {
        int count = Count;
        for (int last = count - 1; last > 0; last--) // heap sort: the worst goes to the end
        {
            (heap[0], heap[last]) = (heap[last], heap[0]);
            SiftDown(0, last);
        }

        Count = 0;
        return heap.AsSpan(0, count);
    }

    private static bool IsWorse((float Score, int Item) a, (float Score, int Item) b) => a.Score < b.Score || (a.Score == b.Score && a.Item > b.Item);

    private void SiftUp(int i)
    {
        while (i > 0 && IsWorse(heap[i], heap[(i - 1) / 2]))
        {
            (heap[i], heap[(i - 1) / 2]) = (heap[(i - 1) / 2], heap[i]);
            i = (i - 1) / 2;
        }
    }

    private void SiftDown(int i, int count)
    {
        while (true)
        {
            int worst = 2 * i + 1;
            if (worst >= count) return;
            if (worst + 1 < count && IsWorse(heap[worst + 1], heap[worst])) worst++;
            if (!IsWorse(heap[worst], heap[i])) return;
            (heap[i], heap[worst]) = (heap[worst], heap[i]);
            i = worst;
        }
    }
}
