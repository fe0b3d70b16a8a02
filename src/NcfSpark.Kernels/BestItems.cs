namespace NcfSpark.Kernels;

/// <summary>
/// The K best items of a user so far, in a heap whose root is the worst of them. Items are offered by rising index, so one that equals the worst
/// is never better.
/// </summary>
internal unsafe struct BestItems(KeptItem* heap, int capacity)
{
    public int Count { get; private set; }

    public readonly bool IsFull => Count == capacity;

    /// <summary>The worst of those kept.</summary>
    public readonly ref readonly KeptItem Worst => ref heap[0];

    /// <summary>The best is first once they are sorted.</summary>
    public readonly ReadOnlySpan<KeptItem> Kept => new(heap, Count);

    public void Offer(float logit, float score, int item)
    {
        if (float.IsNaN(score)) return;
        if (!IsFull)
        {
            SiftUp(Count++, new KeptItem(logit, score, item));
        }
        else if (score > Worst.Score)
        {
            SiftDown(new KeptItem(logit, score, item), Count);
        }
    }

    /// <summary>Best first. Nothing can be offered after it.</summary>
    public readonly void Sort()
    {
        for (int last = Count - 1; last > 0; last--) // heap sort: the worst goes to the end
        {
            KeptItem sinking = heap[last];
            heap[last] = heap[0];
            SiftDown(sinking, last);
        }
    }

    private readonly void SiftUp(int place, KeptItem rising)
    {
        for (int parent; place > 0 && rising.IsWorseThan(in heap[parent = (place - 1) / 2]); place = parent) heap[place] = heap[parent];
        heap[place] = rising;
    }

    // From the root.
    private readonly void SiftDown(KeptItem sinking, int count)
    {
        int place = 0;
        for (int worst = 1; worst < count; worst = 2 * place + 1)
        {
            if (worst + 1 < count && heap[worst + 1].IsWorseThan(in heap[worst])) worst++;
            if (!heap[worst].IsWorseThan(in sinking)) break;
            heap[place] = heap[worst];
            place = worst;
        }

        heap[place] = sinking;
    }
}
