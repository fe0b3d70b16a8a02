namespace NcfSpark.Jobs;

internal static class PrepareJob
{
    public static ExitCode Run(JobContext job) => throw new NotSupportedException($"{nameof(PrepareJob)} has no body yet ({job.RunDirectory}).");
}
