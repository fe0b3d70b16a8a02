namespace NcfSpark.Jobs;

internal static class TrainJob
{
    public static ExitCode Run(JobContext job) => throw new NotSupportedException($"{nameof(TrainJob)} has no body yet ({job.RunDirectory}).");
}
