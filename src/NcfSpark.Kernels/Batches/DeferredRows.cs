namespace NcfSpark.Kernels;

/// <summary>
/// Rows that are updated after all tiles (<see cref="GradientRouting.UpdateAfterTiles"/>), each with a linked list of
/// its samples, whose stored gradients are added in list order.
/// Example: row 7 of the samples 2, 5 and 9 is Rows[k] = 7, First[k] = 2, Next[2] = 5, Next[5] = 9, Next[9] = -1.
/// </summary>
internal sealed unsafe class DeferredRows(int capacity) : IDisposable
{
    private readonly AlignedArray<int> rows = new(capacity), first = new(capacity), next = new(capacity);

    public int Count { get; set; }

    public int* Rows => rows.Start;

    public int* First => first.Start;

    public int* Next => next.Start;

    public void Dispose()
    {
        rows.Dispose();
        first.Dispose();
        next.Dispose();
    }
}
