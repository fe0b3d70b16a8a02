namespace NcfSpark.Jobs;

internal static class NightlyJob
{
    public static ExitCode Run(JobContext job) => throw new NotSupportedException($"{nameof(NightlyJob)} has no body yet ({job.RunDirectory}).");
}
