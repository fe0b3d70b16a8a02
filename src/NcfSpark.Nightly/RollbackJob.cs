using NcfSpark.Configuration;
using NcfSpark.Data;

namespace NcfSpark.Nightly;

/// <summary>Puts the night that was in service before into service again, with a reason that is kept.</summary>
public static class RollbackJob
{
    public static ExitCode Run(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        string reason = PromoteJob.ReasonOf(job);
        string inService = nights.InService ?? throw new InvalidInputException($"Nothing is in service in {nights.Path}, so there is nothing to roll back. Run `nightly`.");
        string before = NightHistory.Read(nights).InServiceBefore(inService) is { } found && nights.Exists(found)
            ? found
            : throw new InvalidInputException($"Before {inService} nothing was in service that is still there. `promote NIGHT` puts another night into service; there are {string.Join(", ", nights.Names)}.");
        PromoteJob.PutInService(job, nights, before, NightEvent.Rollback, reason);
        return ExitCode.Done;
    }
}
