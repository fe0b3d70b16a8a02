using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>A night that was ever in production is written by no verb, whatever leads to it.</summary>
public sealed class ProductionRuleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RunNights nights;

    public ProductionRuleTests()
    {
        nights = SampleNights.In(Directory.CreateDirectory(Path.Combine(folder.Path, "run")).FullName);
        Directory.CreateDirectory(Path.Combine(nights.PathOf("2026-11-20"), "model"));
        Directory.CreateDirectory(nights.PathOf("2026-11-22")); // refused
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "link"), nights.PathOf("2026-11-21"));
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("run/2026-11-20")]
    [InlineData("run/2026-11-20/")]
    [InlineData("run/2026-11-20/model")]
    [InlineData("run/2026-11-20/not/there/yet")]
    [InlineData("run/../run/./2026-11-21")]
    [InlineData("run/current")]
    [InlineData("link")]
    [InlineData("link/deeper")]
    public void ANightThatServedIsRefusedByEveryPathToIt(string path)
    {
        string message = Assert.Throws<InvalidInputException>(() => ProductionRule.CheckMayWrite("train", Path.Combine(folder.Path, path))).Message;
        Assert.Contains("went into production on 2026-11-2", message, StringComparison.Ordinal);
        Assert.Contains("`train` may not write there", message, StringComparison.Ordinal);
        Assert.Contains($"`nightly` with --run {Advice.Quoted(nights.Path)} makes", message, StringComparison.Ordinal);
    }

    [Fact]
    public void APathThatSparkWritesIsNoWayAround() => Assert.Throws<InvalidInputException>(
        () => ProductionRule.CheckMayWrite("prepare", $"file://{nights.PathOf("2026-11-20").Replace(" ", "%20", StringComparison.Ordinal)}"));

    [Theory]
    [InlineData("run")]
    [InlineData("run/2026-11-22")]
    [InlineData("run/2026-12-01")]
    [InlineData("2026-11-20")]
    public void OtherDirectoriesMayBeWritten(string path) => ProductionRule.CheckMayWrite("train", Path.Combine(folder.Path, path));

    [Fact]
    public void ANightThatCurrentLeadsToIsReadOnlyThoughItsLineIsMissing()
    {
        File.Delete(nights.HistoryPath);
        Assert.Contains("is in production",
            Assert.Throws<InvalidInputException>(() => ProductionRule.CheckMayWrite("train", nights.PathOf("2026-11-20"))).Message, StringComparison.Ordinal);
        ProductionRule.CheckMayWrite("train", nights.PathOf("2026-11-21"));
    }

    [Fact]
    public void ANightThatServedAndIsPrunedIsNotMadeAgainByHand()
    {
        nights.Remove("2026-11-21");
        Assert.Throws<InvalidInputException>(() => ProductionRule.CheckMayWrite("prepare", nights.PathOf("2026-11-21")));
    }
}
