namespace NcfSpark.Jobs;

internal static class ScoreJob
{
    public static ExitCode Run(JobContext job) => throw new NotSupportedException($"{nameof(ScoreJob)} has no body yet ({job.RunDirectory}).");
}
