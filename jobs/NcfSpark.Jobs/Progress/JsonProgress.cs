using NcfSpark.Core;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// Progress for collectors of logs: each line is a JSON object with time, level and message, and for work also task, state (started, running, ended),
/// done, total, unit, seconds and detail. While work runs there is at most one in ten seconds a task.
/// </summary>
internal sealed class JsonProgress : IProgressReporter
{
    private static readonly TimeSpan pause = TimeSpan.FromSeconds(10);

    private readonly JsonLines lines;
    private readonly TimeProvider time;

    public JsonProgress(JsonLines lines, TimeProvider time) => (this.lines, this.time) = (lines, time);

    public IProgressTask Start(string title, long total, string unit)
    {
        var work = new Work(this, title, total, unit);
        work.Tell("started");
        return work;
    }

    public void Line(string text) => lines.Write("information", text);

    private sealed class Work(JsonProgress owner, string title, long total, string unit) : IProgressTask
    {
        private readonly ProgressState state = new(title, total, unit, owner.time);
        private readonly long started = owner.time.GetTimestamp();
        private long lastTold = owner.time.GetTimestamp();
        private volatile string detail = "";
        private int ended;

        public void Advance(long units)
        {
            state.Advance(units);
            long before = Interlocked.Read(ref lastTold);
            if (owner.time.GetElapsedTime(before) < pause) return;
            if (Interlocked.CompareExchange(ref lastTold, owner.time.GetTimestamp(), before) == before) Tell("running"); // else another thread writes it
        }

        public void Resume(long units) => state.Resume(units);

        public void Detail(string text)
        {
            state.Detail(text);
            detail = text;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref ended, 1) == 0) Tell("ended");
        }

        public void Tell(string stage) => owner.lines.Write(
            "information",
            stage == "started" ? title : stage == "ended" ? state.Summary() : $"{title}: {state.Figures()}",
            ("task", title),
            ("state", stage),
            ("done", state.Done),
            ("total", total > 0 ? total : null),
            ("unit", unit.Length > 0 ? unit : null),
            ("seconds", Math.Round(owner.time.GetElapsedTime(started).TotalSeconds, 3)),
            ("detail", detail.Length > 0 ? detail : null));
    }
}
