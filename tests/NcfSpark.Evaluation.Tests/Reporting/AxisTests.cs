using FsCheck.Xunit;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class AxisTests
{
    [Fact]
    public void MarksAreRoundAndHoldAllValues()
    {
        Axis axis = Axis.Linear([0, 0.0946], 0, 100);
        Assert.Equal(["0.00", "0.05", "0.10"], axis.Ticks.Select(axis.Label));
        Assert.Equal(0, axis.At(0), 9);
        Assert.Equal(100, axis.At(0.1), 9);
    }

    [Property(MaxTest = 200)]
    public void WhateverTheValuesTheyStandInsideAndMarksAreFew(int low, int width, byte scale)
    {
        double factor = Math.Pow(10, scale % 12 - 6), first = low * factor, last = first + Math.Abs((long)width) * factor;
        Axis axis = Axis.Linear([first, last], 0, 100);
        Assert.InRange(axis.Ticks.Length, 2, 8);
        Assert.InRange(axis.At(first), -1e-6, 100 + 1e-6);
        Assert.InRange(axis.At(last), -1e-6, 100 + 1e-6);
        Assert.Equal(axis.Ticks.Length, axis.Ticks.Select(axis.Label).Distinct().Count());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(1, 100)]
    [InlineData(5, 1000)]
    public void EpochsAreMarkedAtWholeNumbers(int first, int last)
    {
        Axis axis = Axis.Whole(first, last, 0, 100);
        Assert.InRange(axis.Ticks.Length, 1, 9);
        Assert.All(axis.Ticks, tick => Assert.Equal(Math.Round(tick), tick));
    }

    [Fact]
    public void PowersOfTenAreEven()
    {
        Axis axis = Axis.PowersOfTen(9724, 0, 100);
        Assert.Equal([1, 10, 100, 1000, 10000], axis.Ticks);
        Assert.Equal(50, axis.At(100), 9);
    }
}
