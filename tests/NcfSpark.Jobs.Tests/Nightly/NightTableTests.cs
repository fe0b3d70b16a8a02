using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed class NightTableTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WithoutNightsItSaysWhatToDo()
    {
        string[] lines = [.. NightTable.Lines("runs/shop", RunHistory.Read(new RunNights(folder.Path)), null, null, 14)];
        Assert.Equal(["runs/shop has no nights yet.", "`./submit.sh help nightly` says how to make one; --run DIR looks elsewhere."], lines);
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

    [Fact]
    public void APathToCopyIsNotBroken()
    {
        string path = string.Join('/', Enumerable.Repeat("a-directory", 9));
        RunNights nights = SampleNights.In(folder.Path);
        Assert.Contains(NightTable.Lines(path, RunHistory.Read(nights), nights.Production, null, 14), line => line.Contains($"{path}/nights.html"));
    }

    // Names, figures, sizes and times of any length, and reasons with words of any length and letters that a terminal would obey.
    [Property(MaxTest = 300)]
    public void WhateverTheHistoryTheTableFitsEightyColumnsAndHasEveryNight(
        NonEmptyArray<(byte Outcome, byte Size, double Figure, NonNull<string> Reason)> made)
    {
        using var place = new TemporaryFolder();
        var nights = new RunNights(place.Path);
        string[] outcomes = [NightOutcome.Production, NightOutcome.Refused, NightOutcome.Stopped, NightOutcome.Failed, NightOutcome.Interrupted,
            NightOutcome.Abandoned];
        int number = 1;
        foreach ((byte outcome, byte size, double figure, NonNull<string> reason) in made.Get)
        {
            double value = double.IsFinite(figure) ? figure : 1e300;
            long count = 1L << (size % 62);
            MetricInterval metric = new(value, value - 1, value + 1);
            RunHistory.Append(nights, SampleNights.Night(0, outcomes[outcome % 6], "2026-11-20") with
            {
                Night = RunNights.NameOf(new DateOnly(2026, 11, 20), size % 2 == 0 ? number : 100_000 + number),
                Event = size % 7 == 0 ? NightEvent.Promotion : NightEvent.Night,
                Reason = $"{reason.Get} {new string('x', size)}\u001b[31m\n{reason.Get}",
                Figures = size % 5 == 0 ? null : new NightFigures("ndcg@10", 1, metric, metric, metric, metric, size % 3 == 0 ? null : metric),
                Data = size % 4 == 0 ? null : SampleNights.Night(0, "", null).Data! with { Rows = count, Users = count / 3 },
                Seconds = new(StringComparer.Ordinal) { ["model"] = Math.Abs(value) },
            });
            number++;
        }

        RunHistory history = RunHistory.Read(nights);
        string[] lines = [.. NightTable.Lines("runs/shop", history, "2026-11-20", "2026-11-20-200000", 1000)];
        Assert.All(lines, line => Assert.True(line.Length <= 80, $"{line.Length}: {line}"));
        Assert.All(lines.SelectMany(line => line), letter => Assert.False(char.IsControl(letter)));
        foreach (NightRecord night in history.Nights)
        {
            Assert.Contains(lines, line => line.TrimStart('*', ' ').StartsWith($"{night.Night}  ", StringComparison.Ordinal));
        }
    }

    private string[] Lines(int most)
    {
        RunNights nights = SampleNights.In(folder.Path);
        return [.. NightTable.Lines("runs/shop", RunHistory.Read(nights), nights.Production, null, most)];
    }
}
