using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// One operation's tasks on a progress bar. The server reports about every 2 s, so what is done sooner shows none. How many tasks there will be is not known
/// before the last stage is planned, so the bar counts up and the detail says how many are planned so far.
/// </summary>
internal sealed class OperationProgress(IProgressReporter reporter, string title) : IDisposable
{
    // Between two stages no task runs for a moment; for so many reports in a row none runs only where there is no executor.
    private const int IdleReports = 3;

    private IProgressTask? bar;
    private long shown;
    private int idle;

    public void Report(ExecutePlanResponse.Types.ExecutionProgress progress)
    {
        if (progress.Stages.Count == 0) return;
        bar ??= reporter.Start(title, 0, "tasks");
        long done = progress.Stages.Sum(stage => stage.NumCompletedTasks), planned = progress.Stages.Sum(stage => stage.NumTasks);
        long bytes = progress.Stages.Sum(stage => stage.InputBytesRead);
        idle = progress.NumInflightTasks == 0 && done == shown && done < planned ? idle + 1 : 0;
        if (done > shown) bar.Advance(done - shown);
        shown = Math.Max(shown, done);
        string running = idle >= IdleReports ? "waiting for an executor" : $"{progress.NumInflightTasks} running";
        string read = bytes > 0 ? $", {bytes / 1e6:0} MB read" : "";
        bar.Detail($"{done} of {planned} planned, {running}{read}");
    }

    public void Dispose() => bar?.Dispose();
}
