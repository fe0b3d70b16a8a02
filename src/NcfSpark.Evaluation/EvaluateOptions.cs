using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Evaluation;

/// <summary>Section Evaluate: what is measured on the held-out test rows.</summary>
public sealed record EvaluateOptions : IValidatableObject
{
    /// <summary>Cut-offs of the ranking metrics, such as [5, 10, 20].</summary>
    public int[] CutOffs { get; init; } = [];

    /// <summary>How many users are evaluated, drawn by hash; 0 for all. Fewer is faster and widens the intervals: on 20 million interactions item-item cosine takes 25 ms a user and core.</summary>
    [Range(0, int.MaxValue)]
    public int Users { get; init; }

    /// <summary>From which probability on a pair counts as predicted positive, for accuracy. The AWS sample has 0.5.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; init; } = 0.5;

    /// <summary>Candidates of each test row, drawn by hash, that serve as its negatives for accuracy, AUC and log loss; at most Prepare:TestCandidates.</summary>
    [Range(1, 10_000)]
    public int NegativesPerPositive { get; init; } = 5;

    /// <summary>Resamples of users behind each 95 % interval; 0 for no intervals.</summary>
    [Range(0, 1_000_000)]
    public int BootstrapSamples { get; init; } = 1000;

    /// <summary>Users whose history and recommendations the report shows.</summary>
    [Range(0, 1000)]
    public int ExampleUsers { get; init; } = 5;

    /// <summary>Threads that evaluate; 0 for all cores.</summary>
    [ResultNeutral]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Seeds the bootstrap, the choice of users and that of negatives.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CutOffs.Length == 0 || CutOffs.Any(k => k is < 1 or > 100_000)) yield return new("must name at least one cut-off, each between 1 and 100000, such as [10]", [nameof(CutOffs)]);
        if (CutOffs.Distinct().Count() != CutOffs.Length) yield return new("names a cut-off twice", [nameof(CutOffs)]);
    }
}
