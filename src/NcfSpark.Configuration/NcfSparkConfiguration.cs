using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Scoring;
using NcfSpark.Storage;
using NcfSpark.Training;

namespace NcfSpark.Configuration;

/// <summary>All settings of a run, resolved and checked. A property is a section; a property of a section is a setting.</summary>
public sealed record NcfSparkConfiguration
{
    public InputOptions Input { get; init; } = new();

    public PrepareOptions Prepare { get; init; } = new();

    public ModelOptions Model { get; init; } = new();

    public TrainOptions Train { get; init; } = new();

    public ImportOptions Import { get; init; } = new();

    public EvaluateOptions Evaluate { get; init; } = new();

    public TuneOptions Tune { get; init; } = new();

    public ScoreOptions Score { get; init; } = new();

    public SparkOptions Spark { get; init; } = new();

    public NightlyOptions Nightly { get; init; } = new();

    public ServeOptions Serve { get; init; } = new();

    public StorageOptions Storage { get; init; } = new();
}
