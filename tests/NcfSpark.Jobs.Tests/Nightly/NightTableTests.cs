using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed class NightTableTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WithoutNightsItSaysWhatToDo()
    {
        string line = Assert.Single(NightTable.Lines("runs/shop", RunHistory.Read(new RunNights(folder.Path)), null, null, 14));
        Assert.StartsWith("runs/shop has no nights yet: ./submit.sh nightly", line, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryNightHasALineTheOneInProductionIsMarkedAndOthersSayWhy()
    {
        string[] lines = Lines(14);
        Assert.Equal("runs/shop: 2026-11-20 was put into production again by hand.", lines[0]);
        Assert.Equal(["*  2026-11-20"], lines.Where(line => line.StartsWith("*  ", StringComparison.Ordinal)).Select(line => line[..13]));
        string refused = lines.Single(line => line.Contains("2026-11-22", StringComparison.Ordinal));
        Assert.Contains("refused", refused, StringComparison.Ordinal);
        Assert.Contains("0.1020 (0.0900–0.1100)", refused, StringComparison.Ordinal);
        Assert.Equal("     NDCG@10 0.0400 does not beat popularity's 0.0470.", lines[Array.IndexOf(lines, refused) + 1]);
        Assert.Contains("     There are 10 rows, \"90 %\" fewer than \\ before.", lines);
        Assert.Contains("2026-11-24 15:15 UTC, rollback of 2026-11-20 by hand: odd lists", lines);
    }

    [Fact]
    public void OnlyTheLastAreShownAndTheOthersCounted()
    {
        string[] lines = Lines(2);
        Assert.DoesNotContain(lines, line => line.Contains("2026-11-22", StringComparison.Ordinal));
        Assert.Contains("3 earlier nights", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void ANightThatHasNotEndedIsSaidToRun() =>
        Assert.Contains(NightTable.Lines("r", RunHistory.Read(new RunNights(folder.Path)), null, "2026-11-26", 14),
            line => line.Contains("2026-11-26  has not ended", StringComparison.Ordinal));

    private string[] Lines(int most)
    {
        RunNights nights = SampleNights.In(folder.Path);
        return [.. NightTable.Lines("runs/shop", RunHistory.Read(nights), nights.Production, null, most)];
    }
}
