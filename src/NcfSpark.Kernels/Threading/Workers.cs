namespace NcfSpark.Kernels;

/// <summary>Pieces of work on some threads, of which each piece has memory of its own.</summary>
/// <param name="Threads">At least 1.</param>
internal readonly record struct Workers(int Threads)
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
