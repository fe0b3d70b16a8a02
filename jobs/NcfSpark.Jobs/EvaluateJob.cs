namespace NcfSpark.Jobs;

internal static class EvaluateJob
{
    public static ExitCode Run(JobContext job) => throw new NotSupportedException($"{nameof(EvaluateJob)} has no body yet ({job.RunDirectory}).");
}
