using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>Trains for a while.</summary>
internal static class TrainingWindow
{
    /// <summary>Samples a second, in runs of a quarter of the window, whole batches only.</summary>
    /// <param name="samples">What on: epoch after epoch.</param>
    public static WindowRate Measure(ITrainingStep step, ISampleSource samples, int batchSize, ref TrainingPosition position, double window)
    {
        long trained = 0, batches = 1;
        var watch = WindowWatch.Start();
        while (watch.Seconds < window)
        {
            double runStarted = watch.Seconds;
            if (samples.Count - position.Samples < batchSize) position = position with { Epoch = position.Epoch + 1, Samples = 0 };
            long whole = Math.Min(batches, (samples.Count - position.Samples) / batchSize) * batchSize;
            position = step.Advance(position, samples, position.Samples + whole);
            trained += whole;
            if (watch.Seconds - runStarted < window / 4) batches *= 2;
        }

        return watch.Rate(trained);
    }
}
