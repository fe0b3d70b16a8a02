using System.Text.Json.Serialization;

namespace NcfSpark.Tuning;

/// <summary>One training of a candidate, and its figures.</summary>
/// <param name="Epochs">How many epochs it was trained.</param>
/// <param name="Seed">The seed of its training.</param>
/// <param name="Ndcg">NDCG@10 on validation, whole catalogue; null where it failed.</param>
/// <param name="HitRate">HR@10 on validation after the last epoch; null where it failed.</param>
/// <param name="BestEpoch">
/// The epoch that the NDCG is of: the best where the learning rate is constant, else the last, since only there it has fallen to 0.
/// </param>
/// <param name="Seconds">What it took, training and validating.</param>
/// <param name="Failure">Why it failed; null if it did not.</param>
internal sealed record Trial(int Candidate, int Epochs, int Seed, double? Ndcg, double? HitRate, int BestEpoch, double Seconds, string? Failure = null)
{
    /// <summary>The 95 % interval of the NDCG over users; null where it is not of the last epoch.</summary>
    public double? Low { get; init; }

    /// <summary>See <see cref="Low"/>.</summary>
    public double? High { get; init; }

    /// <summary>Whether it was stopped since it took too long, so that more time may change what it comes to.</summary>
    [JsonIgnore]
    public bool IsTooSlow => Failure == TooSlow;

    public const string TooSlow = "took too long";
}
