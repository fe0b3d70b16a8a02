using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

public sealed class RandomStreamTests
{
    [Fact]
    public void TheSameNameGivesTheSameNumbersAndAnotherNameOthers()
    {
        RandomStream one = RandomStream.Named(1, "order", 3), same = RandomStream.Named(1, "order", 3);
        Assert.Equal(one.Bits(42), same.Bits(42));
        RandomStream[] others = [RandomStream.Named(2, "order", 3), RandomStream.Named(1, "ordeR", 3), RandomStream.Named(1, "order", 4),
            RandomStream.Named(1, "order"), RandomStream.Named(1, "order", 3, 0)];
        Assert.All(others, other => Assert.NotEqual(one.Bits(42), other.Bits(42)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void BelowIsUniformOverPlacesAndOverSeeds(int bound)
    {
        const int Draws = 100_000;
        RandomStream stream = RandomStream.Named(1, "test");
        foreach (Func<int, long> draw in new Func<int, long>[] { place => stream.Below(place, bound),
            seed => RandomStream.Named(seed, "test").Below(0, bound) })
        {
            int[] hits = new int[bound];
            for (int i = 0; i < Draws; i++) hits[draw(i)]++;
            double expected = Draws / (double)bound, chiSquare = hits.Sum(hit => (hit - expected) * (hit - expected) / expected);
            int degrees = bound - 1; // its mean; its standard deviation is sqrt(2 · degrees)
            Assert.InRange(chiSquare, 0, degrees + 5 * Math.Sqrt(2 * degrees));
        }
    }

    [Fact]
    public void NeighbouringPlacesAreUncorrelated()
    {
        RandomStream stream = RandomStream.Named(1, "test");
        double correlation = Enumerable.Range(0, 100_000).Average(place => (stream.Unit(place) - 0.5) * (stream.Unit(place + 1) - 0.5)) * 12;
        Assert.InRange(correlation, -0.015, 0.015); // five standard errors
    }

    [Fact]
    public void NormalHasMeanZeroAndVarianceOne()
    {
        RandomStream stream = RandomStream.Named(1, "test");
        double[] values = [.. Enumerable.Range(0, 100_000).Select(place => stream.Normal(place))];
        Assert.Equal(0, values.Average(), 0.02);
        Assert.Equal(1, values.Average(value => value * value), 0.03);
        Assert.All(values, value => Assert.True(double.IsFinite(value)));
    }

    [Property(MaxTest = 100)]
    public bool ShuffleKeepsTheValues(int[] values, int seed)
    {
        int[] shuffled = [.. values];
        RandomStream.Named(seed, "test").Shuffle(shuffled.AsSpan());
        return shuffled.Order().SequenceEqual(values.Order());
    }
}
