namespace NcfSpark.Kernels;

/// <summary>Gives the fused step its batches. Its methods are called from the step's threads, for a batch or two ahead; they allocate nothing.</summary>
public interface IBatchFeed
{
    /// <summary>What holds for a whole batch.</summary>
    /// <param name="batch">From 0, the first of the run.</param>
    BatchTerms TermsOf(long batch);

    /// <summary>Fills samples of a batch, those from <paramref name="start"/> on; all spans have one length.</summary>
    void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights);
}
