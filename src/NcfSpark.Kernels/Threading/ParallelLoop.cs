namespace NcfSpark.Kernels;

/// <summary>Runs pieces of work of which each has memory of its own, on some threads; on one, in their order and without the pool.</summary>
/// <param name="Threads">At least 1.</param>
public readonly record struct ParallelLoop(int Threads)
{
    public void For(int count, Action<int> piece)
    {
        if (Threads == 1 || count <= 1)
        {
            for (int i = 0; i < count; i++) piece(i);
        }
        else
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Threads }, piece);
        }
    }
}
