using System.Text.Json.Nodes;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Pipeline;

/// <summary>prepared/ → model/: weights, ids, and the log of epochs.</summary>
/// <param name="prepared">What is trained on.</param>
/// <param name="from">The night that training starts from; null for a cold start.</param>
public sealed class TrainStage(NcfSparkConfiguration settings, StageDirectory prepared, Incumbent? from = null) : Stage
{
    private readonly Lazy<ModelImport>? import = settings.Import.IsSet ? new(() => new ModelImport(settings)) : null;

    /// <summary>The epoch whose weights a model has, among the counts of its manifest.</summary>
    public const string BestEpoch = "best_epoch";

    /// <summary>The model that training started from, among what a manifest says a model was made from.</summary>
    public const string WarmStartKey = "warm_start";

    public override string Name => TrainedModel.StageName;

    public override IReadOnlyList<Artifact> Inputs =>
        [Artifact.Of(prepared), .. from is null ? Array.Empty<Artifact>() : [Artifact.Of(from.Model, WarmStartKey)], .. ModelImport.FilesOf(settings.Import)];

    public override IReadOnlyList<(string, object)> Options =>
    [
        ("Model", import?.Value.Network ?? settings.Model),
        ("Train", settings.Train),
        .. import is null ? Array.Empty<(string, object)>() : [("Import", settings.Import)],
        .. from is null ? Array.Empty<(string, object)>() : [("Epochs", JsonValue.Create(OptionsOf(settings, from).Epochs))],
    ];

    public override long Seed => settings.Train.Seed;

    /// <summary>Refuses settings by which there are no negatives, before any work.</summary>
    /// <exception cref="InvalidInputException">Training wants those that `prepare` draws, and it draws none.</exception>
    public static void CheckNegatives(NcfSparkConfiguration settings)
    {
        if (settings.Train.Negatives != NegativeSource.Stored || settings.Prepare.NegativesPerPositive > 0) return;
        throw new InvalidInputException(
            "Train:Negatives is \"stored\", and Prepare:NegativesPerPositive is 0, so there would be none to tell positives from. "
            + "Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0.");
    }

    public override StageCounts Run(StageContext context)
    {
        if (import is not null) return Import(context, import.Value.Make(new PreparedData(prepared)));
        SparkTraining.Check(context.Job);
        TrainOptions train = OptionsOf(settings, from);
        SortedDictionary<string, long> rows = prepared.Manifest.Rows;
        if (train.Negatives == NegativeSource.Stored && rows["train"] == rows["train_positives"])
        {
            throw new InvalidInputException(
                $"{prepared.Path} holds no negatives, so Train:Negatives \"stored\" has nothing to tell positives from. "
                + "Set Train:Negatives to \"resampled\", or Prepare:NegativesPerPositive above 0 and run `prepare` again.");
        }

        string warm = from is null ? "" : $"; from the model of {from.Name}";
        string size = $"{rows["train"]:N0} rows of {rows["users"]:N0} users and {rows["items"]:N0} items";
        context.Job.Progress.Line($"Training {SettingText.Of(settings.Model.Kind)} on {size}; step {SettingText.Of(train.Step)}{warm}.");
        return new ModelTraining(context, new PreparedData(prepared), train, from).Run(Fingerprint);
    }

    private StageCounts Import(StageContext context, TrainedModel model)
    {
        model.Write(context.Writer.Path, settings.Prepare.Shards);
        return new TrainingLog(0, []).Write(context.Writer, new()
        {
            ["users"] = model.Users.Count,
            ["items"] = model.Items.Count,
            ["users_with_vector"] = model.Users.Interactions.Count(count => count > 0),
            ["items_with_vector"] = model.Items.Interactions.Count(count => count > 0),
        });
    }

    /// <summary>The options of training; a warm start has epochs of its own.</summary>
    internal static TrainOptions OptionsOf(NcfSparkConfiguration settings, Incumbent? from) =>
        from is not null && settings.Nightly.WarmEpochs is { } epochs ? settings.Train with { Epochs = epochs } : settings.Train;
}
