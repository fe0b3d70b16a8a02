using NcfSpark.Core;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// Progress for logs: a line when work begins, one when it ends, and between them at most one in ten seconds, over all work together.
/// </summary>
internal sealed class PlainProgress(TextWriter output, TimeProvider time) : IProgressReporter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock writing = new();
    private long lastTold = time.GetTimestamp();

    public IProgressTask Start(string title, long total, string unit)
    {
        var state = new ProgressState(title, total, unit, time);
        Tell(total > 0 ? $"{title}: {total:N0} {unit} ..." : $"{title} ...");
        return new Work(this, state);
    }

    public void Line(string text) => Tell(text);

    private void Tell(string text)
    {
        lock (writing)
        {
            Interlocked.Exchange(ref lastTold, time.GetTimestamp());
            output.WriteLine(string.Concat(text.Where(letter => letter == '\n' || !char.IsControl(letter))));
            output.Flush();
        }
    }

    private void TellIfDue(ProgressState state)
    {
        long before = Interlocked.Read(ref lastTold);
        if (time.GetElapsedTime(before) < Pause) return;
        if (Interlocked.CompareExchange(ref lastTold, time.GetTimestamp(), before) != before) return; // another thread writes it
        Tell(state.Total > 0 ? $"{state.Title}: {state.Percent} %, {state.Figures()}" : $"{state.Title}: {state.Figures()}");
    }

    private sealed class Work(PlainProgress owner, ProgressState state) : IProgressTask
    {
        private int ended;

        public void Advance(long units)
        {
            state.Advance(units);
            owner.TellIfDue(state);
        }

        public void Resume(long units) => state.Resume(units);

        public void Detail(string text) => state.Detail(text);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref ended, 1) == 0) owner.Tell(state.Summary());
        }
    }
}
