using FsCheck.Xunit;
using NcfSpark.Nightly;

namespace NcfSpark.Evaluation.Tests.Nightly;

public class PopularityDriftTests
{
    [Fact]
    public void ByHand()
    {
        // p = (1, 0), q = (1/2, 1/2), middle (3/4, 1/4): (log2(4/3) + (log2(2/3) + log2 2) / 2) / 2
        double expected = (Math.Log2(4 / 3.0) + (Math.Log2(2 / 3.0) + 1) / 2) / 2;
        Assert.Equal(expected, PopularityDrift.Between([4, 0], [3, 3])!.Value, 12);
        Assert.Equal(0, PopularityDrift.Between([1, 2, 3], [10, 20, 30])!.Value, 12); // shares alone count
        Assert.Equal(1, PopularityDrift.Between([5, 0], [0, 7])!.Value, 12);
        Assert.Null(PopularityDrift.Between([0, 0], [0, 7]));
    }

    [Property]
    public void ItIsSymmetricAndBetweenZeroAndOne(byte[] counts)
    {
        long[] left = [.. counts.Select(count => (long)count), 1], right = [1, .. counts.Select(count => (long)count / 3)];
        double there = PopularityDrift.Between(left, right)!.Value, back = PopularityDrift.Between(right, left)!.Value;
        Assert.Equal(there, back, 12);
        Assert.InRange(there, 0, 1);
    }
}
