namespace NcfSpark.Kernels;

/// <summary>A training step: the parameters of a model in its own memory, and updates of them.</summary>
public interface IFusedStep : IDisposable
{
    ParameterTables Parameters { get; }

    /// <summary>Makes an update for each batch of a feed.</summary>
    /// <param name="losses">The sum of each batch's losses, taken before its update, is added to this in the order of
    /// batches.</param>
    /// <returns>Number of updates made, which is lower than <paramref name="count"/> if a loss was not finite.</returns>
    long Run(IBatchFeed from, long count, ref double losses);

    /// <summary>Brings parts that follow from others up to date, before they are read.</summary>
    void Derive()
    {
    }
}

/// <summary>What is trained and how, as far as it decides which step does it.</summary>
public sealed record StepSettings
{
    public required NetworkShape Shape { get; init; }

    public required int UserCount { get; init; }

    public required int ItemCount { get; init; }

    /// <summary>Most samples of a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>At least 1. Their number does not change the result.</summary>
    public required int Threads { get; init; }

    public required SimdLevel Level { get; init; }

    /// <summary>Users' histories, if the shape has one.</summary>
    public UserHistories? Histories { get; init; }

    /// <summary>Samples of a group, a positive and its negatives, which share a user and what that user had before.</summary>
    public int GroupSize { get; init; } = 1;

    /// <summary>Whether rows are updated by plain descent without decoupled decay, and so need no moments.</summary>
    public bool PlainRows { get; init; }

    /// <summary>Items' features, if they are part of their vectors.</summary>
    public FeatureLists? Features { get; init; }

    /// <summary>Rate at which items' own rows are dropped in a batch, where they have features.</summary>
    public double OwnDropout { get; init; }

    /// <summary>The encoder by attention, if the model has one. Then a sample is a user.</summary>
    public AttentionStepSettings? Attention { get; init; }

    /// <summary>Users' and items' rows, if they are encoded from these.</summary>
    public InteractionsStepSettings? Interactions { get; init; }

    /// <summary>The softmax to use as the loss; null for the logistic loss of each sample.</summary>
    public SampledSoftmaxOptions? Softmax { get; init; }
}

/// <summary>
/// Chooses the step by the composition of the model. <see cref="AttentionStep"/> is the one for attention, and
/// <see cref="InteractionsStep"/> the one for interactions under the cosine.
/// <see cref="UserHistoryStep"/> is the one for a history under "dot" with plain descent of the rows, by either loss:
/// it computes a user's vector once for all samples of a group, and updates rows sample by sample.
/// <see cref="FusedStep"/> is the one for every other composition, by the logistic loss.
/// </summary>
public static class FusedSteps
{
    /// <exception cref="NotSupportedException">The loss is the softmax, or items have features, and the composition is not one that has these.</exception>
    public static IFusedStep Of(StepSettings settings) =>
        settings.Interactions is not null ? new InteractionsStep(settings)
        : settings.Attention is not null && settings.Features is null ? new AttentionStep(settings)
        : IsPlainDotProduct(settings) ? new UserHistoryStep(settings)
        : settings.Features is not null
            ? throw new NotSupportedException("Features are parts of items' vectors under dot products of histories whose rows plain descent updates.")
        : settings.Softmax is not null ? throw new NotSupportedException("The softmax is over dot products of histories whose rows plain descent updates.")
        : new FusedStep(
            settings.Shape, settings.UserCount, settings.ItemCount, settings.BatchSize, settings.Threads, settings.Level,
            settings.Histories, settings.GroupSize);

    private static bool IsPlainDotProduct(StepSettings settings) =>
        settings.Shape is { History: not null, MlpSize: 0, TrainedGmfHead: false, EmbeddingRelu: false } && settings.PlainRows;
}
