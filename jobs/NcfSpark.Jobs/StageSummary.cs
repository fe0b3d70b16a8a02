using NcfSpark.Data;

namespace NcfSpark.Jobs;

/// <summary>The line that a stage leaves on standard output, and what else there is to say of it.</summary>
internal static class StageSummary
{
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
}
