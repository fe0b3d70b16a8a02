namespace NcfSpark.Kernels;

/// <summary>
/// The source of a step's batches. The step's threads call it one or two batches ahead, so its methods must be
/// thread-safe; they should not allocate.
/// </summary>
public interface IBatchFeed
{
    /// <summary>The settings of a batch.</summary>
    /// <param name="batch">Number of the batch in its run, from 0.</param>
    BatchTerms TermsOf(long batch);

    /// <summary>Fills samples of a batch, those from <paramref name="start"/> on; all spans have one length.</summary>
    void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights);

    /// <summary>Fills the users of a batch whose samples are users (<see cref="AttentionStep"/>).</summary>
    void FillUsers(long batch, int start, Span<int> users) => throw new NotSupportedException("This feed has no samples that are users.");

    /// <summary>
    /// Fills, for the samples from <paramref name="start"/> on, where the items that the user had before each sample
    /// end in the list of all users' items. Called for models with a user history, whose batches hold whole groups:
    /// adjacent samples of one user at one moment, a positive and its negatives.
    /// </summary>
    void FillPastEnds(long batch, int start, Span<int> ends) => throw new NotSupportedException("This feed has no user histories.");
}

/// <summary>The settings of one batch.</summary>
/// <param name="Count">Number of samples, at most the step's batch size.</param>
/// <param name="Step">The number of the update since the start of training, from 1: Adam's t.</param>
/// <param name="DropoutKey">Key for <see cref="DropoutHash"/>, different for each batch.</param>
/// <param name="Gmf">The rule for GMF embeddings, pools and biases.</param>
/// <param name="Mlp">The rule for MLP embeddings.</param>
/// <param name="Dense">The rule for layers and head.</param>
public readonly record struct BatchTerms(int Count, long Step, ulong DropoutKey, PartRule Gmf, PartRule Mlp, PartRule Dense)
{
    /// <summary>The same for the user encoder, whose masks are those of groups.</summary>
    public ulong UserDropoutKey { get; init; }
}
