using NcfSpark.Data;

namespace NcfSpark.Training;

internal static class SampleSources
{
    /// <summary>The samples of a training set, as the options say.</summary>
    /// <exception cref="InvalidInputException">A batch would end within a group.</exception>
    public static ISampleSource Of(TrainingSet set, TrainOptions options, PastItems? past)
    {
        ISampleSource samples = options.Negatives == "stored" ? new StoredSamples(set, options, past) : new ResampledSamples(set, options, past);
        if (options.BatchSize % samples.GroupSize == 0) return samples;
        int size = samples.GroupSize;
        samples.Dispose();
        throw new InvalidInputException($"Train:BatchSize is {options.BatchSize}. With Model:User \"history\" a batch is of whole groups of a positive and its Train:NegativesPerPositive {options.NegativesPerPositive}: let it be a multiple of {size}, such as {(options.BatchSize + size - 1) / size * size}.");
    }
}
