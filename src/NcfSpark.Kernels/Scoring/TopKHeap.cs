namespace NcfSpark.Kernels;

/// <summary>
/// The K best items of one user so far, as a heap whose root is the worst of them. With a <see cref="GroupLimit"/> the
/// heap is right after every offer: an item whose group is full can only replace the worst item of that group, and a
/// replaced item need never return, because the better items that replaced it stay.
/// </summary>
internal unsafe struct TopKHeap(ScoredItem* heap, int capacity, GroupLimit? limit)
{
    public int Count { get; private set; }

    public readonly bool IsFull => Count == capacity;

    /// <summary>The worst item kept.</summary>
    public readonly ref readonly ScoredItem Worst => ref heap[0];

    /// <summary>The items kept; best first after <see cref="Sort"/>.</summary>
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

    /// <summary>Sorts the items, best first. Nothing may be offered afterwards.</summary>
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

/// <summary>An item offered to a <see cref="TopKHeap"/>.</summary>
internal readonly record struct ScoredItem(float Logit, float Score, int Item)
{
    /// <summary>
    /// Whether it ranks below the other item: by a lower score, or by a higher index at the same score.
    /// </summary>
    public bool IsWorseThan(in ScoredItem other) => Score < other.Score || (Score == other.Score && Item > other.Item);
}
