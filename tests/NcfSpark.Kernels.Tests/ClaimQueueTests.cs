namespace NcfSpark.Kernels.Tests;

public sealed class ClaimQueueTests
{
    [Fact]
    public void EachPieceOfEachRoundIsClaimedOnce()
    {
        var queue = new ClaimQueue();
        Assert.False(queue.TryClaim(out _));
        for (int round = 0; round < 300; round++)
        {
            int count = round % 50;
            int[] claims = new int[50];
            queue.Open(count);
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                while (queue.TryClaim(out int piece)) Interlocked.Increment(ref claims[piece]);
            }))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            Assert.Equal([.. Enumerable.Repeat(1, count), .. Enumerable.Repeat(0, 50 - count)], claims);
        }
    }

    [Fact]
    public void ARoundThatIsLeftEndsWithTheNext()
    {
        var queue = new ClaimQueue();
        queue.Open(10);
        queue.TryClaim(out _);
        queue.Open(1);
        Assert.True(queue.TryClaim(out int piece));
        Assert.Equal(0, piece);
        Assert.False(queue.TryClaim(out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Open(ClaimQueue.Capacity + 1));
    }
}
