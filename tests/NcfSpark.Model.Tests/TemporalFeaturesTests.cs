using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NcfSpark.Model.Tests;

public sealed class TemporalFeaturesTests
{
    [Theory]
    [InlineData(new long[0], new int[0])]
    [InlineData(new long[] { 5 }, new[] { 8, 16 })]
    [InlineData(new long[] { 5, 7000, 7003, 7003 }, new[] { 0, 9, 17 })]
    [InlineData(new long[] { 5, 15 }, new[] { 1, 8, 17 })]
    [InlineData(new long[] { 5, 16 }, new[] { 2, 8, 17 })]
    [InlineData(new long[] { 0, 3600 }, new[] { 4, 8, 16 })] // a pause of an hour ends a session
    [InlineData(new long[] { 0, 0, 8_000_000 }, new[] { 7, 8, 16 })]
    public void TheWorkedExamples(long[] times, int[] set) =>
        Assert.Equal(set.Aggregate(0u, (bits, bit) => bits | (1u << bit)), TemporalFeatures.Of(times));

    [Property(MaxTest = 200)]
    public bool AtMostOneOfEightFeaturesIsSetAndShiftingTheClockChangesNothing(NonNegativeInt[] steps, NonNegativeInt start)
    {
        long time = start.Get;
        long[] times = [.. steps.Select(step => time += step.Get % 7 == 0 ? step.Get * 997L : step.Get % 3)];
        uint features = TemporalFeatures.Of(times);
        return Enumerable.Range(0, 3).All(part => uint.PopCount((features >> (8 * part)) & 255) == (times.Length > (part == 0 ? 1 : 0) ? 1u : 0u))
            && features >> TemporalFeatures.Count == 0
            && TemporalFeatures.Of([.. times.Select(at => at + 1_000_000_007)]) == features;
    }

    [Fact]
    public void ALongHistoryCountsAsItsLatest()
    {
        long[] latest = [.. Enumerable.Range(0, 200).Select(row => 1_000_000L + row)];
        Assert.Equal(TemporalFeatures.Of(latest), TemporalFeatures.Of([.. Enumerable.Range(0, 5000).Select(row => (long)row), .. latest]));
    }
}
