namespace NcfSpark.Training;

/// <summary>Which epoch is kept, and when there is no use in going on.</summary>
/// <param name="validates">Whether there is a validation to choose by.</param>
internal sealed class EpochChoice(TrainOptions options, bool validates)
{
    /// <summary>Whether validation chooses; otherwise the last epoch is kept.</summary>
    public bool ByValidation => options.Patience > 0 && validates;

    /// <summary>Whether an epoch, the last of those finished, is the best so far.</summary>
    public bool IsBest(EpochRecord record, IReadOnlyList<EpochRecord> epochs) => ByValidation && BestOf(epochs) == record;

    /// <summary>Whether no epoch is left to train, or the last ones were no better than one before them for as long as Patience waits.</summary>
    public bool IsFinished(IReadOnlyList<EpochRecord> epochs) => epochs.Count >= options.Epochs || HasStalled(epochs);

    private bool HasStalled(IReadOnlyList<EpochRecord> epochs) =>
        ByValidation && epochs.Count > 0 && epochs.Count - BestOf(epochs).Epoch >= options.Patience;

    /// <summary>The epoch that is kept, from 1, once training has ended.</summary>
    public int Kept(IReadOnlyList<EpochRecord> epochs) => ByValidation ? BestOf(epochs).Epoch : epochs.Count;

    // The first of equals, so that an epoch has to be better to be kept; NaN is never better.
    private static EpochRecord BestOf(IReadOnlyList<EpochRecord> epochs) =>
        epochs.Aggregate((best, next) => next.ValidationNdcg > best.ValidationNdcg ? next : best);
}

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean binary cross entropy of its samples, each at the time when it was trained on, in nats.</param>
/// <param name="ValidationNdcg">NDCG@10 of the validation rows over the whole catalogue after it, where there are any.</param>
/// <param name="Seconds">Time that training took, without validation.</param>
public sealed record EpochRecord(int Epoch, double Loss, double? ValidationNdcg, double Seconds, long Samples);
