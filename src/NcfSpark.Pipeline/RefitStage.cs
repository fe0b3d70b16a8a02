using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Pipeline;

/// <summary>
/// prepared/ and model/ → refit/: the same network trained on all interactions, including those that were held out, for as many epochs as validation
/// chose (a linear schedule reaches 0 after these). A night serves this model. It cannot be measured, because nothing is held out.
/// </summary>
/// <param name="model">The model that was measured.</param>
/// <param name="from">The night that training starts from, as for that model; null for a cold start.</param>
public sealed class RefitStage(NcfSparkConfiguration settings, StageDirectory prepared, StageDirectory model, Incumbent? from) : Stage
{
    public override string Name => Refit;

    /// <summary>Whether a night trains again on everything; an imported model is not trained here.</summary>
    public static bool IsWanted(NcfSparkConfiguration settings) => settings.Nightly.Refit && !settings.Import.IsSet;

    public override IReadOnlyList<Artifact> Inputs => [Artifact.Of(prepared), Artifact.Of(model)];

    public override IReadOnlyList<(string, object)> Options => [("Model", settings.Model), ("Train", settings.Train)];

    public override long Seed => settings.Train.Seed;

    public override StageCounts Run(StageContext context)
    {
        // Nothing is left to validate on.
        TrainOptions train = TrainStage.OptionsOf(settings, from) with { Epochs = (int)model.Manifest.Rows[TrainStage.BestEpoch], Patience = 0 };
        // `promote` has no Spark; threads give the same model.
        if (train.Placement == Placement.Spark && !context.Job.Engine.IsSpark) train = train with { Placement = Placement.Threads };
        SortedDictionary<string, long> rows = prepared.Manifest.Rows;
        long all = rows["train"] + rows.GetValueOrDefault("validation") + rows.GetValueOrDefault("test");
        context.Job.Progress.Line($"Training again on all {all:N0} rows, {train.Epochs} epochs, for what is served.");
        return new ModelTraining(context, new PreparedData(prepared), train, from) 
        {
            TrainsOnHeldOut = true,
            PopularityHalfLifeHours = model.Manifest.Rows.GetValueOrDefault(ModelTraining.HalfLifeHours),
        }.Run(Fingerprint);
    }

    /// <summary>The model that makes predictions: in a night whose gate chose a baseline, that one; in one that trained again, that of refit/.</summary>
    /// <param name="model">The model that was measured.</param>
    public static StageDirectory ServedModel(JobContext job, StageDirectory model)
    {
        if (Directory.Exists(Path.Combine(job.RunDirectory, ServedBaseline.StageName)))
        {
            StageDirectory baseline = StageDirectory.Open(job.RunDirectory, ServedBaseline.StageName), report = StageDirectory.Open(job.RunDirectory, Report);
            if (baseline.Manifest.MadeFrom.GetValueOrDefault(Report) == report.Manifest.Fingerprint
                && report.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == model.Manifest.Fingerprint) return baseline;
            job.Progress.Line($"{baseline.Path} was chosen by another report than {report.Path} holds now: predictions are made by the network.");
        }

        if (!Directory.Exists(Path.Combine(job.RunDirectory, Refit))) return model;
        StageDirectory refit = StageDirectory.Open(job.RunDirectory, Refit);
        if (refit.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == model.Manifest.Fingerprint) return refit;
        job.Progress.Line($"{refit.Path} was trained after another model than {model.Path} holds now: predictions are made by the latter.");
        return model;
    }
}
