using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Pipeline;

/// <summary>The line that a stage leaves on standard output, and what else there is to say of it.</summary>
public static class StageSummary
{
    /// <summary>The stages, in the order in which a night runs them.</summary>
    public static IReadOnlyList<string> Stages { get; } =
        [PreparedData.StageName, TrainedModel.StageName, EvaluateJob.StageName, RefitJob.StageName, ScoreJob.StageName];

    /// <param name="job">Where the line goes.</param>
    /// <param name="directory">What the stage made.</param>
    /// <param name="remark">What else to say, such as how long it took.</param>
    public static void Write(JobContext job, StageDirectory directory, string remark = "")
    {
        string rows = string.Join(", ", directory.Manifest.Rows.Where(entry => entry.Value != 0).Select(entry => $"{entry.Key.Replace('_', ' ')} {entry.Value:N0}"));
        string untimed = directory.Manifest.Stage == PreparedData.StageName && job.Configuration.Input.TimestampColumn.Length == 0 ? "; no times, so held out by a hash" : "";
        job.Output.WriteLine($"{directory.Manifest.Stage}: {rows}{untimed}{(remark.Length == 0 ? "" : $" ({remark})")} → {directory.Path}");
        if (directory.Manifest.Stage == PreparedData.StageName) return; // its notes were told on the way
        foreach (string note in directory.Manifest.Notes.Values) job.Output.WriteLine(note);
    }

    /// <summary>Says which later stages beside one that was made by hand were made from something else, and so are no longer of this run.</summary>
    public static void TellOfStale(JobContext job, StageDirectory made)
    {
        string[] stale = [.. Stages.Skip(1).Where(IsStale)];
        if (stale.Length == 0) return;
        job.Progress.Line($"What {string.Join(", ", stale.Select(stage => $"{stage}/"))} in {job.RunDirectory} hold{(stale.Length == 1 ? "s" : "")} was made from another {made.Manifest.Stage}/ than this: {string.Join(", ", stale.Select(stage => $"`{StageDirectory.VerbOf(stage)}`").Distinct())} makes it again.");

        bool IsStale(string stage) =>
            MadeFrom(job.RunDirectory, stage)?.GetValueOrDefault(made.Manifest.Stage) is { } from && from != made.Manifest.Fingerprint;
    }

    private static SortedDictionary<string, string>? MadeFrom(string runDirectory, string stage)
    {
        try
        {
            return StageDirectory.Open(runDirectory, stage, isRead: _ => false).Manifest.MadeFrom;
        }
        catch (InvalidInputException)
        {
            return null; // not there
        }
    }
}
