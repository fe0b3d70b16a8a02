using System.Text;
using NcfSpark.Data;
using NcfSpark.Evaluation.Nights;
using NcfSpark.Evaluation.Reporting;

namespace NcfSpark.Jobs.Nights;

/// <summary>
/// What people and monitors see of the nights, written anew after each: NIGHT/report.html (the report with the history and what changed), nights.html and metrics.prom
/// of the run directory, and the same metrics over OTLP. Each is written under another name and renamed. They are made of what the history and the nights hold, and can be made again at any time.
/// </summary>
internal static class NightPages
{
    private const string ReportName = "report.html";

    /// <summary>A night's report with the history.</summary>
    public static string ReportOf(RunNights nights, string night) => Path.Combine(nights.PathOf(night), ReportName);

    /// <summary>Writes all of them. A night is not undone for a page: what cannot be written is said, and the next night writes it.</summary>
    /// <param name="stopped">The job, stopped or not; its run directory is that of all nights.</param>
    /// <param name="nights">The nights.</param>
    /// <param name="night">The night that ended.</param>
    public static void Write(JobContext stopped, RunNights nights, string night)
    {
        JobContext job = stopped with { Cancellation = CancellationToken.None }; // what stopped a night does not stop that from being told
        try
        {
            NightHistory history = NightHistory.Read(nights);
            string? earlier = history.InServiceBefore(night);
            var input = new NightsInput
            {
                Title = Path.GetFileName(Path.GetFullPath(nights.Path)),
                History = history,
                InService = nights.InService,
                Reports = new HashSet<string>(nights.Names.Where(name => name == night || File.Exists(ReportOf(nights, name)))),
            };
            string report = Path.Combine(nights.PathOf(night), EvaluateJob.StageName, ReportWriter.PageName);
            if (File.Exists(report)) WriteWhole(ReportOf(nights, night), NightsPage.Report(File.ReadAllText(report), input, earlier is null ? null : ChangesSince(job, nights, earlier, night)));
            else input = input with { Reports = new HashSet<string>(input.Reports.Where(name => name != night)) };
            WriteWhole(Path.Combine(nights.Path, NightsPage.Name), NightsPage.Of(input));
            WriteWhole(Path.Combine(nights.Path, PrometheusText.FileName), PrometheusText.Of(input.Title, history, nights.InService));
            if (OtlpMetrics.IsConfigured && !OtlpMetrics.Send(input.Title, history, nights.InService)) job.Progress.Line("The metrics could not be sent over OTLP: the collector at OTEL_EXPORTER_OTLP_ENDPOINT did not take them.");
        }
#pragma warning disable CA1031 // the night has ended: whatever goes wrong with a page must not change how
        catch (Exception failure)
#pragma warning restore CA1031
        {
            job.Progress.Line($"The pages of the nights could not be written: {failure.Message} The next night writes them.");
        }
    }

    // Null where one of the two has no predictions: it was refused, or is pruned.
    private static ListChanges? ChangesSince(JobContext job, RunNights nights, string before, string night)
    {
        string Lists(string name) => Path.Combine(nights.PathOf(name), ScoreJob.StageName, "recommendations");
        return Directory.Exists(Lists(before)) && Directory.Exists(Lists(night)) ? ListComparison.Of(job, before, Lists(before), Lists(night), Titles.Read(job.Configuration.Input).ByItemId) : null;
    }

    private static void WriteWhole(string path, string text)
    {
        string temporary = path + ".tmp";
        using (var stream = new FileStream(temporary, FileMode.Create))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
