namespace NcfSpark.Kernels.Tests;

public sealed unsafe class ClaimQueueTests
{
    [Fact]
    public void EachPieceOfEachRoundIsClaimedOnce()
    {
        using var state = new AlignedArray<long>(1);
        var queue = new ClaimQueue(state.Start);
        Assert.Equal(0, queue.Claim(fromBack: false, share: 1, out _));
        for (int round = 0; round < 300; round++)
        {
            int count = round % 50;
            int[] claims = new int[50];
            queue.Open(count);
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
            {
                while (queue.Claim(fromBack: number == 1, share: 1 + (2 * number), out int piece) is > 0 and var claimed)
                {
                    for (int p = piece; p < piece + claimed; p++) Interlocked.Increment(ref claims[p]);
                }
            }))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            Assert.Equal([.. Enumerable.Repeat(1, count), .. Enumerable.Repeat(0, 50 - count)], claims);
        }
    }

    [Fact]
    public void ARoundThatIsLeftEndsWithTheNext()
    {
        using var state = new AlignedArray<long>(1);
        var queue = new ClaimQueue(state.Start);
        queue.Open(10);
        queue.Claim(fromBack: false, share: 3, out _);
        queue.Open(1);
        Assert.Equal(1, queue.Claim(fromBack: false, share: 1, out int piece));
        Assert.Equal(0, piece);
        Assert.Equal(0, queue.Claim(fromBack: false, share: 1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Open(ClaimQueue.Capacity + 1));
    }
}
