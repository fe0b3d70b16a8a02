using NcfSpark.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>One bar for all workers.</summary>
internal sealed class WorkerProgress(IProgressReporter reporter, int epochs) : IDisposable
{
    private IProgressTask? task;
    private long shown;

    public void Line(string text) => reporter.Line(text);

    /// <summary>Begins an epoch, of which some may be done.</summary>
    public void Begin(int epoch, long samples, long done)
    {
        End();
        task = reporter.Start($"epoch {epoch + 1} of {epochs}", samples, "samples");
        task.Advance(done);
        shown = done;
    }

    /// <summary>How far all are together.</summary>
    public void Show(long done, double lossSum)
    {
        if (task is null || done <= shown) return;
        task.Advance(done - shown);
        shown = done;
        task.Detail($"loss {lossSum / done:F4}");
    }

    public void End()
    {
        task?.Dispose();
        task = null;
    }

    public void Dispose() => End();
}
