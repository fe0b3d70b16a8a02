using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>
/// Writes what people and monitoring see, after each night: NIGHT/report.html (figures, items by their titles, the history, what changed), NIGHT/lists/
/// (what its search finds), nights.html and metrics.prom of the run directory, and the same metrics over OTLP. All is written under a temporary name and
/// renamed. It follows from the history and the nights and can be written again at any time; report.html and lists/ are all of a night in production that
/// may change.
/// </summary>
public static class NightPages
{
    /// <summary>Names of the files of a night outside its stages.</summary>
    public const string ReportName = ReportWriter.PageName, StateName = NightState.FileName;

    /// <summary>A night's report with the history.</summary>
    public static string ReportOf(RunNights nights, string night) => Path.Combine(nights.PathOf(night), ReportWriter.PageName);

    /// <summary>Writes the report of the run directory, after `evaluate`. The report of a night includes the history.</summary>
    /// <returns>Its path.</returns>
    public static string WriteReport(JobContext job)
    {
        string path = Path.Combine(job.RunDirectory, ReportWriter.PageName);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(job.RunDirectory)), name = Path.GetFileName(full);
        var nights = new RunNights(Path.GetDirectoryName(full) ?? full);
        bool isNight = RunNights.IsName(name) && File.Exists(nights.HistoryPath);
        WritePage(path, isNight ? Report(job, nights, name, InputOf(nights, name)) : Page(job, job.RunDirectory, night: null));
        return path;
    }

    /// <summary>Measures the log that Evaluate:ShownPath names and writes shown.json and, where the run has a report, report.html.</summary>
    /// <returns>The figures as lines, and where they are written.</returns>
    /// <exception cref="InvalidInputException">The log cannot be read, or there is no such run.</exception>
    public static string WriteShown(JobContext job)
    {
        ShownItem[] shown = ShownLog.Read(job.Configuration);
        IReadOnlyList<ShownFigure> figures = ShownLog.Measure(job.Configuration, job.RunDirectory, shown);
        string path = Path.Combine(job.RunDirectory, ShownReport.FileName);
        WritePage(path, ShownReport.Of(figures));
        string? page = Directory.Exists(Path.Combine(job.RunDirectory, Stage.Report)) ? WriteReport(job) : null;
        string without = !shown.Any(item => item.Propensity is not null) ? " No ips and snips: the log has no propensities."
            : figures.Any(one => one.Metric == "ips") ? "" : " No ips and snips: the run has no predictions; run `score` first.";
        return string.Join('\n',
            [.. ShownReport.Lines(figures), $"{shown.Length:N0} rows were measured → {path}{(page is null ? "" : $" and {page}")}.{without}"]);
    }

    /// <summary>Writes all of them. A page that cannot be written does not change how the night ended; the next night writes it.</summary>
    /// <param name="stopped">The job, stopped or not; its run directory is that of all nights.</param>
    /// <param name="night">The night that ended.</param>
    public static void Write(JobContext stopped, RunNights nights, string night)
    {
        JobContext job = stopped with { Cancellation = CancellationToken.None }; // a cancelled night still gets its pages
        try
        {
            NightsInput input = InputOf(nights, night);
            (RunHistory history, string? production) = (input.History, input.Production);
            if (input.Reports.Contains(night)) WritePage(ReportOf(nights, night), Report(job, nights, night, input));
            WritePage(Path.Combine(nights.Path, NightsPage.Name), NightsPage.Of(input));
            WritePage(Path.Combine(nights.Path, PrometheusText.FileName), PrometheusText.Of(input.Title, history, production));
            UserLists.Write(job, nights.PathOf(night));
            if (OtlpMetrics.IsConfigured && !OtlpMetrics.Send(input.Title, history, production))
            {
                job.Progress.Line("The metrics could not be sent over OTLP: the collector at OTEL_EXPORTER_OTLP_ENDPOINT did not take them.");
            }
        }
#pragma warning disable CA1031 // a page that fails must not change how the night ended
        catch (Exception failure)
#pragma warning restore CA1031
        {
            job.Progress.Line($"The pages of the nights could not be written: {failure.Message} The next night writes them.");
        }
    }

    private static void WritePage(string path, string text)
    {
        AtomicFile.Write(path, text);
        RunStore.Of(path)?.Save(path);
    }

    // The night's own page is there already, or is about to be.
    private static NightsInput InputOf(RunNights nights, string night) => new()
    {
        Title = Path.GetFileName(Path.GetFullPath(nights.Path)),
        History = RunHistory.Read(nights),
        Production = nights.Production,
        Reports = nights.Names
            .Where(name => name == night ? Directory.Exists(Path.Combine(nights.PathOf(name), Stage.Report)) : File.Exists(ReportOf(nights, name)))
            .ToHashSet(),
    };

    private static string Report(JobContext job, RunNights nights, string night, NightsInput input)
    {
        ListChanges? changes = input.History.ProductionBefore(night) is { } before ? ChangesSince(job, nights, before, night) : null;
        return Page(job, nights.PathOf(night), NightsPage.ForReport(input, night, changes));
    }

    private static string Page(JobContext job, string runDirectory, ReportNight? night)
    {
        Titles titles = Titles.Read(job.Configuration.Input);
        IdTable items = new PreparedData(StageDirectory.Open(runDirectory, PreparedData.StageName, isRead: _ => false).Fetched("items")).ReadItems();
        if (titles.Remark(items) is { } remark) job.Output.WriteLine(remark);
        return ReportWriter.Page(StageDirectory.Open(runDirectory, Stage.Report, isRead: _ => false).Fetched().Path, titles.ByItemId, night,
            ShownReport.Section(runDirectory));
    }

    // Null where one of the two has no predictions: it was refused, or is pruned.
    private static ListChanges? ChangesSince(JobContext job, RunNights nights, string before, string night)
    {
        bool IsThere(string name) => Directory.Exists(Path.Combine(nights.PathOf(name), Stage.Predictions));
        string Lists(string name) =>
            StageDirectory.Open(nights.PathOf(name), Stage.Predictions, isRead: _ => false).Fetched("recommendations").File("recommendations");
        return IsThere(before) && IsThere(night)
            ? ListComparison.Of(job, before, Lists(before), Lists(night), Titles.Read(job.Configuration.Input).ByItemId)
            : null;
    }
}
