using System.Globalization;
using NcfSpark.Data;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// One operation's tasks on a progress bar. The server reports about every 2 s, so what is done sooner shows none. The number of tasks is not known
/// before the last stage is planned, so the bar counts up and the detail says how many there are so far.
/// </summary>
internal sealed class OperationProgress(IProgressReporter reporter, string title) : IDisposable
{
    private IProgressTask? bar;
    private long shown;

    public void Report(ExecutePlanResponse.Types.ExecutionProgress progress)
    {
        if (progress.Stages.Count == 0) return;
        bar ??= reporter.Start(title, 0, "tasks");
        long done = progress.Stages.Sum(stage => stage.NumCompletedTasks), all = progress.Stages.Sum(stage => stage.NumTasks);
        long bytes = progress.Stages.Sum(stage => stage.InputBytesRead);
        if (done > shown) bar.Advance(done - shown);
        shown = Math.Max(shown, done);
        string running = progress.NumInflightTasks > 0 || done == all ? $"{progress.NumInflightTasks} running" : "waiting for an executor";
        string read = bytes > 0 ? string.Create(CultureInfo.InvariantCulture, $", {bytes / 1e6:0} MB read") : "";
        bar.Detail($"stage {progress.Stages.Count(stage => stage.Done) + (done < all ? 1 : 0)} of {progress.Stages.Count}, {done} of {all} tasks, {running}{read}");
    }

    public void Dispose() => bar?.Dispose();
}
