namespace NcfSpark.Training;

/// <summary>
/// Steps run in windows, between which progress is told and cancelling is heeded. A window of many steps costs nothing; one that lasted longer
/// would be felt. Where windows end does not change what is learned.
/// </summary>
internal sealed class StepWindow(TimeProvider time)
{
    private static readonly TimeSpan tooShort = TimeSpan.FromMilliseconds(100), tooLong = TimeSpan.FromMilliseconds(400);

    private long batches = 1;

    /// <summary>Trains on the next window's samples, up to a place in the epoch.</summary>
    public TrainingPosition Advance(ITrainingStep step, TrainingPosition position, ISampleSource samples, int batchSize, long end)
    {
        long started = time.GetTimestamp();
        TrainingPosition after = step.Advance(position, samples, Math.Min(position.Samples + batches * batchSize, end));
        TimeSpan took = time.GetElapsedTime(started);
        if (took < tooShort) batches *= 2;
        else if (took > tooLong) batches = Math.Max(1, batches / 2);
        return after;
    }
}
