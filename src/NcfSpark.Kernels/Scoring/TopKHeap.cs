namespace NcfSpark.Kernels;

/// <summary>
/// The K best items of a user so far, in a heap whose root is the worst of them.
/// With a limit by group, what is kept at any time is right for the items so far. An item whose group is full can only take the place of the worst of its
/// group; one that had to go never comes back, since those that it went for, or better ones, stay.
/// </summary>
internal unsafe struct TopKHeap(ScoredItem* heap, int capacity, GroupLimit? limit)
{
    public int Count { get; private set; }

    public readonly bool IsFull => Count == capacity;

    /// <summary>The worst of those kept.</summary>
    public readonly ref readonly ScoredItem Worst => ref heap[0];

    /// <summary>The best is first once they are sorted.</summary>
    public readonly ReadOnlySpan<ScoredItem> Kept => new(heap, Count);

    public void Offer(float logit, float score, int item)
    {
        if (float.IsNaN(score)) return;
        var offered = new ScoredItem(logit, score, item);
        int place = limit is null ? -1 : limit.PlaceToGiveUp(Kept, item);
        if (place >= 0)
        {
            if (!offered.IsWorseThan(in heap[place])) SiftDown(place, offered, Count);
        }
        else if (!IsFull)
        {
            SiftUp(Count++, offered);
        }
        else if (!offered.IsWorseThan(in Worst))
        {
            SiftDown(0, offered, Count);
        }
    }

    /// <summary>Best first. Nothing can be offered after it.</summary>
    public readonly void Sort()
    {
        for (int last = Count - 1; last > 0; last--) // heap sort: the worst goes to the end
        {
            ScoredItem sinking = heap[last];
            heap[last] = heap[0];
            SiftDown(0, sinking, last);
        }
    }

    private readonly void SiftUp(int place, ScoredItem rising)
    {
        for (int parent; place > 0 && rising.IsWorseThan(in heap[parent = (place - 1) / 2]); place = parent) heap[place] = heap[parent];
        heap[place] = rising;
    }

    private readonly void SiftDown(int place, ScoredItem sinking, int count)
    {
        for (int worst = 2 * place + 1; worst < count; worst = 2 * place + 1)
        {
            if (worst + 1 < count && heap[worst + 1].IsWorseThan(in heap[worst])) worst++;
            if (!heap[worst].IsWorseThan(in sinking)) break;
            heap[place] = heap[worst];
            place = worst;
        }

        heap[place] = sinking;
    }
}
