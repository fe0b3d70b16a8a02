namespace NcfSpark.Kernels;

/// <summary>Gives a step over histories its batches, of whole groups: neighbouring samples of one user with one past.</summary>
public interface IUserHistoryFeed : IBatchFeed
{
    /// <summary>Fills, for the samples from <paramref name="start"/> on, where what came before each ends among all users' items.</summary>
    void FillPastEnds(long batch, int start, Span<int> ends);
}
