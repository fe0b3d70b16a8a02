using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

public sealed class WholeNumberTests
{
    [Theory]
    [InlineData("0", true)]
    [InlineData("7", true)]
    [InlineData("-7", true)]
    [InlineData("9223372036854775807", true)]
    [InlineData("-9223372036854775808", true)]
    [InlineData("9223372036854775808", false)]
    [InlineData("007", false)]
    [InlineData("+7", false)]
    [InlineData("7.0", false)]
    [InlineData("-0", false)]
    [InlineData(" 7", false)]
    [InlineData("7 ", false)]
    [InlineData("1e3", false)]
    [InlineData("٧", false)]
    [InlineData("-", false)]
    [InlineData("", false)]
    public void OneIsWhatReadsBackAsItStands(string text, bool isOne) => Assert.Equal(isOne, WholeNumber.TryRead(text, out _));

    [Property]
    public bool EveryNumberReadsBack(long number) => WholeNumber.TryRead($"{number}", out long read) && read == number;

    [Fact]
    public void AnIdOfANumberIsFoundAsItStandsOnly()
    {
        var ids = new IdTable([7L, 9], [1, 1]);
        Assert.Equal([0, -1, -1, -1], new[] { "7", "007", "+7", "7.0" }.Select(ids.Find));
    }
}
