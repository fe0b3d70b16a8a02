namespace NcfSpark.Evaluation;

/// <summary>
/// Something measured on users' scores. It is shown each user once, in blocks, from several threads at once; a block writes only to its own
/// users' places, so the order in which blocks come changes nothing.
/// </summary>
internal interface IMeasure
{
    /// <summary>The users that it has to see, each once.</summary>
    ReadOnlySpan<int> Users { get; }

    /// <param name="users_B">User indexes; users that it does not measure may be among them.</param>
    /// <param name="scores_BN">All items' scores, a row for each user.</param>
    void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN);
}
