using NcfSpark.Core;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>What was reported, for assertions.</summary>
internal sealed class ProgressList : IProgressReporter
{
    private long units;

    public List<string> Started { get; } = [];

    public List<string> Details { get; } = [];

    public List<string> Lines { get; } = [];

    public long Units => units;

    public IProgressTask Start(string title, long total, string unit)
    {
        Started.Add($"{title} ({unit})");
        return new Task(this);
    }

    public void Line(string text)
    {
        lock (Lines) Lines.Add(text);
    }

    private sealed class Task(ProgressList list) : IProgressTask
    {
        public void Advance(long units) => Interlocked.Add(ref list.units, units);

        public void Detail(string text) => list.Details.Add(text);

        public void Dispose()
        {
        }
    }
}
