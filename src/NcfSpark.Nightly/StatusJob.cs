using NcfSpark.Configuration;
using NcfSpark.Data;

namespace NcfSpark.Nightly;

/// <summary>The last nights of a run directory, on standard output. It takes no lock and writes nothing, so it can be asked while a night runs.</summary>
public static class StatusJob
{
    private const int NightsShown = 14;

    public static ExitCode Run(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        NightHistory history = NightHistory.Read(nights);
        foreach (string line in NightTable.Lines(job.RunDirectory, history, nights.InService, Unfinished(nights, history), NightsShown)) job.Output.WriteLine(line);
        return ExitCode.Done;
    }

    // The latest night of which no end is told: it runs, or was killed.
    private static string? Unfinished(RunNights nights, NightHistory history) => nights.Names is [.., { } latest] && history.Of(latest) is null ? latest : null;
}
