using System.ComponentModel.DataAnnotations;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>Section Evaluate: what is measured on the held-out test rows.</summary>
public sealed record EvaluateOptions : IValidatableObject
{
    /// <summary>Lengths of the lists that ranking metrics are computed for: 10 gives HR@10 and NDCG@10.</summary>
    public int[] CutOffs { get; init; } = [5, 10, 20];

    /// <summary>
    /// Number of users that are evaluated, drawn at random by Seed. null (default): all where there are at most 10,000, and of more
    /// as many; the intervals are those of so many users. 0: all. Time grows with it: on 20 million interactions each of the two
    /// item-item cosine baselines takes 25 ms a user and core.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int? Users { get; init; }

    /// <summary>Probability from which a pair counts as predicted positive, for accuracy.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; init; } = 0.5;

    /// <summary>
    /// Number of each test row's candidates that serve as its negatives for accuracy, AUC and log loss, at most
    /// Prepare:TestCandidates.
    /// </summary>
    [Range(1, 10_000)]
    public int NegativesPerPositive { get; init; } = 5;

    /// <summary>Number of bootstrap resamples of users behind each 95 % interval. 0: no intervals, which is faster.</summary>
    [Range(0, 1_000_000)]
    public int BootstrapSamples { get; init; } = 1000;

    /// <summary>
    /// Largest catalogue that the baseline EASE is measured on: it takes part where there are at most so many items, or at most so
    /// many users. Time grows with the cube of that number and memory with its square: about a minute on 2 cores and 1 GB at 7,000
    /// (default), twenty minutes and 5 GB at 20,000.
    /// </summary>
    [Range(0, 30_000)]
    public int EaseItems { get; init; } = 7000;

    /// <summary>Number of users whose interactions and recommendations the report shows as examples.</summary>
    [Range(0, 1000)]
    public int ExampleUsers { get; init; } = 5;

    /// <summary>
    /// File, folder or glob of what users were shown and clicked (`evaluate --shown LOG`), read like Score:UsersPath: columns user,
    /// item, rank, clicked (0 or 1) and, if there, list, propensity, timestamp and variant (A/B tests). `evaluate` then measures it
    /// alone, without the model. "" (default): none.
    /// </summary>
    [ExcludeFromFingerprint]
    public string ShownPath { get; init; } = "";

    /// <summary>Number of threads that evaluate. 0 (default): one for each core.</summary>
    [ExcludeFromFingerprint]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Seed of the bootstrap and of the choice of users and negatives.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>How many users are evaluated at most; 0 for all.</summary>
    internal int MostUsers => Users ?? 10_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CutOffs.Length == 0 || CutOffs.Any(k => k is < 1 or > 100_000))
        {
            yield return new("must name at least one cut-off, each between 1 and 100000, such as [10]", [nameof(CutOffs)]);
        }

        if (CutOffs.Distinct().Count() != CutOffs.Length) yield return new("names a cut-off twice", [nameof(CutOffs)]);
    }
}
