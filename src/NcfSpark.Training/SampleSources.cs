using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training;

internal static class SampleSources
{
    /// <summary>How many samples an epoch of a training set will have.</summary>
    public static long CountOf(TrainingSet set, ModelOptions model, TrainOptions options) =>
        model.HasAttention ? UserSamples.UsersOf(set).Length
        : options.Negatives == NegativeSource.Stored ? set.Rows.Count : set.Labels.Count(label => label == 1) * (options.NegativesPerPositive + 1L);

    /// <summary>The samples of a training set, as the options say.</summary>
    /// <param name="all">Of all workers' rows, where these are not all there are.</param>
    /// <exception cref="InvalidInputException">A batch would end within a group.</exception>
    public static ISampleSource Of(TrainingSet set, ModelOptions model, TrainOptions options, PastItems? past, SampleTotals? all = null)
    {
        if (model.HasAttention) return new UserSamples(set, past!, options.Seed);
        if (model.HasInteractions) (past, set) = (null, set with { Rows = set.Rows with { Weights = null } }); // ratings are what is predicted
        ISampleSource samples = options.Negatives == NegativeSource.Stored
            ? new StoredSamples(set, options, past, all)
            : new ResampledSamples(set, options, past, all);
        if (options.BatchSize % samples.GroupSize == 0) return samples;
        int size = samples.GroupSize;
        samples.Dispose();
        throw new InvalidInputException($"Train:BatchSize is {options.BatchSize}. "
            + $"With Model:User \"history\" a batch is of whole groups of a positive and its Train:NegativesPerPositive {options.NegativesPerPositive}: "
            + $"let it be a multiple of {size}, such as {(options.BatchSize + size - 1) / size * size}.");
    }
}
