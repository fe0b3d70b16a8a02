using NcfSpark.Core;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// Progress for people: a bar for each piece of work under way, redrawn ten times a second at the bottom of the terminal, and above
/// them a line for each that has ended.
/// </summary>
internal sealed class BarProgress(IAnsiConsole console, TimeProvider time) : IProgressReporter
{
    private readonly Lock starting = new(); // guards bars: they are shown while any work is under way
    private Bars? bars;

    public IProgressTask Start(string title, long total, string unit)
    {
        var state = new ProgressState(title, total, unit, time);
        lock (starting)
        {
            bars ??= new Bars(console);
            return new Work(this, state, bars.Add(state));
        }
    }

    public void Line(string text) => console.WriteLine(text); // Spectre.Console puts it above the bars

    private void End(ProgressState state, ProgressTask bar)
    {
        lock (starting)
        {
            if (bars!.Remove(bar)) bars = null;
            Line(state.Summary());
        }
    }

    /// <summary>The live part of the terminal. Spectre.Console has it as long as a callback runs; here it is until the last bar is removed.</summary>
    private sealed class Bars
    {
        private readonly TaskCompletionSource<ProgressContext> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task drawing;
        private int count;

        public Bars(IAnsiConsole console)
        {
            int barWidth = console.Profile.Width >= 110 ? 24 : 10;
            Spectre.Console.Progress progress = console.Progress().AutoClear(true).ExcludeVerticalPadding(true).Columns(
                new TitleColumn(),
                new ProgressBarColumn { Width = barWidth },
                new PercentageColumn(),
                new FiguresColumn(barWidth));
            drawing = Task.Run(() => progress.StartAsync(async context =>
            {
                begun.SetResult(context);
                await over.Task.ConfigureAwait(false);
            }));
            Task.WhenAny(begun.Task, drawing).GetAwaiter().GetResult();
            if (drawing.IsFaulted) drawing.GetAwaiter().GetResult();
        }

        public ProgressTask Add(ProgressState state)
        {
            ProgressTask bar = begun.Task.Result.AddTask("described by its tag", maxValue: Math.Max(state.Total, 1));
            count++;
            bar.Tag = state;
            bar.IsIndeterminate = state.Total == 0;
            return bar;
        }

        /// <summary>Whether it was the last; then they are gone from the terminal.</summary>
        public bool Remove(ProgressTask bar)
        {
            begun.Task.Result.RemoveTask(bar);
            if (--count > 0) return false;
            over.SetResult();
            drawing.GetAwaiter().GetResult();
            return true;
        }
    }

    private sealed class Work(BarProgress owner, ProgressState state, ProgressTask bar) : IProgressTask
    {
        private int ended;

        public void Advance(long units) => state.Advance(units);

        public void Resume(long units) => state.Resume(units);

        public void Detail(string text) => state.Detail(text);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref ended, 1) == 0) owner.End(state, bar);
        }
    }

    /// <summary>The first column. It also moves the bar: work only counts, so that counting costs nothing.</summary>
    private sealed class TitleColumn : ProgressColumn
    {
        public const int Width = 20;

        public override int? GetColumnWidth(RenderOptions options) => Width;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (task.Tag is not ProgressState state) return Text.Empty;
            if (state.Total > 0) task.Value = state.Done;
            return new Text(Cut(state.Title, Width));
        }
    }

    /// <summary>The last column has what the others leave of the line: a bar that breaks into two lines dances.</summary>
    private sealed class FiguresColumn(int barWidth) : ProgressColumn
    {
        private const int PercentWidth = 4, Gaps = 4;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => task.Tag is ProgressState state
            ? new Text(Cut(state.Figures(), options.ConsoleSize.Width - TitleColumn.Width - barWidth - PercentWidth - Gaps))
            : Text.Empty;
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : width < 2 ? "" : $"{text[..(width - 1)]}…";
}
