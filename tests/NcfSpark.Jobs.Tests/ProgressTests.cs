using Microsoft.Extensions.Time.Testing;
using NcfSpark.Core;
using NcfSpark.Jobs.Progress;
using Spectre.Console;

namespace NcfSpark.Jobs.Tests;

public sealed class ProgressTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly StringWriter written = new() { NewLine = "\n" };

    private string[] Lines => written.ToString().Split('\n')[..^1];

    public void Dispose() => written.Dispose();

    [Fact]
    public void PlainTellsTheStartOneLineInTenSecondsAndTheEnd()
    {
        var progress = new PlainProgress(written, time);
        using (IProgressTask task = progress.Start("epoch 3 of 20", 1_000_000, "samples"))
        {
            task.Detail("loss 0.312");
            for (int second = 0; second < 25; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                task.Advance(40_000);
            }
        }

        Assert.Equal(
            [
                "epoch 3 of 20: 1,000,000 samples ...",
                "epoch 3 of 20: 40 %, 15 s left, 40,000 samples/s, 400,000/1,000,000 samples, loss 0.312",
                "epoch 3 of 20: 80 %, 5.0 s left, 40,000 samples/s, 800,000/1,000,000 samples, loss 0.312",
                "epoch 3 of 20: 1,000,000 samples in 25 s, 40,000 samples/s, loss 0.312",
            ],
            Lines);
    }

    [Fact]
    public void PlainTellsWhereWorkWasStopped()
    {
        using (IProgressTask task = new PlainProgress(written, time).Start("copy", 10, "rows"))
        {
            task.Advance(4);
            time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal("copy: stopped at 4 of 10 rows after 2.0 s, 2.0 rows/s", Lines[^1]);
    }

    [Fact]
    public void WhatAnEarlierRunDidCountsToTheTotalAndNotToTheSpeed()
    {
        using (IProgressTask task = new PlainProgress(written, time).Start("epoch 1 of 1", 1000, "samples"))
        {
            task.Resume(800);
            for (int second = 0; second < 20; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                task.Advance(10);
            }
        }

        Assert.Equal("epoch 1 of 1: 90 %, 10 s left, 10 samples/s, 900/1,000 samples", Lines[1]);
        Assert.Equal("epoch 1 of 1: 1,000 samples, 800 of them before, in 20 s, 10 samples/s", Lines[^1]);
    }

    [Fact]
    public void PlainNeedsNoTotal()
    {
        using (IProgressTask task = new PlainProgress(written, time).Start("read", 0, "rows"))
        {
            time.Advance(TimeSpan.FromMinutes(61));
            task.Advance(366_000);
        }

        Assert.Equal(["read ...", "read: 100 rows/s, 366,000 rows", "read: 366,000 rows in 1 h 1 min, 100 rows/s"], Lines);
    }

    [Fact]
    public void PlainCountsTheTenSecondsOverAllWorkTogether()
    {
        var progress = new PlainProgress(written, time);
        using IProgressTask outer = progress.Start("outer", 10, "stages"), inner = progress.Start("inner", 100, "rows");
        for (int second = 0; second < 30; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            outer.Advance(0);
            inner.Advance(1);
        }

        Assert.Equal(2 + 3, Lines.Length);
    }

    [Fact]
    public void PlainWritesNoControlCharacters()
    {
        var progress = new PlainProgress(written, time);
        progress.Line("\u001b[31mred\r\ttext");
        Assert.Equal(["[31mredtext"], Lines);
    }

    [Fact]
    public void PlainTellsTheEndOnce()
    {
        IProgressTask task = new PlainProgress(written, time).Start("copy", 1, "rows");
        task.Dispose();
        task.Dispose();
        Assert.Equal(2, Lines.Length);
    }

    [Fact]
    public void NothingIsLostWhenManyThreadsAdvance()
    {
        using (IProgressTask task = new PlainProgress(written, time).Start("count", 400_000, "rows"))
        {
            Parallel.For(0, 4, _ =>
            {
                for (int row = 0; row < 100_000; row++) task.Advance(1);
            });
        }

        Assert.StartsWith("count: 400,000 rows in ", Lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.6, "1 min 0 s")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(3599.7, "1 h 0 min")]
    [InlineData(90_000, "25 h 0 min")]
    public void TimeIsInWords(double seconds, string words) => Assert.Equal(words, ProgressState.Words(seconds));

    [Theory]
    [InlineData(80, ColorSystemSupport.Standard)]
    [InlineData(20, ColorSystemSupport.NoColors)]
    public void BarsMayBeNestedAndInSequenceAndLinesStayWhole(int width, ColorSystemSupport colors)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(TextWriter.Synchronized(written)),
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = colors,
        });
        console.Profile.Width = width;
        var progress = new BarProgress(console, TimeProvider.System);
        using (IProgressTask outer = progress.Start("all [stages]", 2, "stages"))
        {
            for (int stage = 0; stage < 2; stage++)
            {
                using IProgressTask inner = progress.Start($"stage {stage}", stage == 0 ? 0 : 1000, "rows");
                inner.Detail("loss [0.3]");
                for (int part = 0; part < 5; part++)
                {
                    inner.Advance(200);
                    progress.Line($"[line {stage} {part}]");
                    Thread.Sleep(30); // long enough for the bars to be redrawn in between
                }

                outer.Advance(1);
            }
        }

        progress.Line("after");
        using (progress.Start("once more", 1, "rows"))
        {
        }

        string text = written.ToString();
        for (int stage = 0; stage < 2; stage++)
        {
            for (int part = 0; part < 5; part++) Assert.Contains($"[line {stage} {part}]\n", text, StringComparison.Ordinal);
        }

        Assert.Contains("after\n", text, StringComparison.Ordinal);
        if (width == 80) Assert.Contains("all [stages]: 2 stages in ", text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void WhatIsNotATerminalGetsPlainLines()
    {
        Skip.IfNot(Console.IsErrorRedirected, "Needs standard error in a file or a pipe: dotnet test 2>&1 | cat.");
        Assert.IsType<PlainProgress>(ConsoleProgress.For(written, time));
    }
}
