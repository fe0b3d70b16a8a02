using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Reporting;

namespace NcfSpark.Pipeline;

/// <summary>prepared/ and model/ → report/: report.json, page.json, network.svg; report.html, beside it, is drawn from that.</summary>
/// <param name="prepared">Holds the rows that are measured on.</param>
/// <param name="model">The model that is measured.</param>
/// <param name="night">In a night: the incumbent and the gate; null for `evaluate`, which decides nothing.</param>
public sealed class EvaluateStage(NcfSparkConfiguration settings, StageDirectory prepared, StageDirectory model, IncumbentComparison? night = null) : Stage
{
    public override string Name => Report;

    public override IReadOnlyList<Artifact> Inputs =>
    [
        Artifact.Of(prepared),
        Artifact.Of(model),
        .. night?.Incumbent is { } incumbent ? [Artifact.Of(incumbent.Baseline ?? incumbent.Model, IncumbentComparison.Key)] : Array.Empty<Artifact>(),
    ];

    public override IReadOnlyList<(string, object)> Options =>
    [
        ("Evaluate", settings.Evaluate),
        ("TopK", JsonValue.Create(settings.Score.TopK)),
        .. night is null ? Array.Empty<(string, object)>() : [("Night", night.Settings)],
    ];

    public override long Seed => settings.Evaluate.Seed;

    public override StageCounts Run(StageContext context)
    {
        EvaluateOptions options = settings.Evaluate;
        EvaluationData data = EvaluationData.From(new PreparedData(prepared));
        TrainedModel trained = TrainedModel.Read(model);
        using IModelScorer scorer = Scorers.Of(trained.Weights);
        TrainedModel? incumbent = night?.Incumbent is not { } before ? null
            : before.Baseline is null ? TrainedModel.Read(before.Model)
            : BaselineStage.Measured(before.Prepared, before.Baseline, options);
        using IModelScorer? incumbentScorer = incumbent is null ? null : Scorers.Of(incumbent.Weights);
        (IReadOnlyList<NamedScorer> baselines, ChosenBaselines chosen) = Baselines.Choose(data, options, context.Job.Progress);
        List<NamedScorer> others = [.. baselines];
        if (data.ItemFeatures is { } features)
        {
            others.Add(new("category_popularity", "popularity in the category",
                new CategoryPopularityScorer(data.History, features, data.ItemInteractions), ScoresAreProbabilities: false));
        }

        if (incumbent is not null)
        {
            var mapped = new IncumbentScorer(
                incumbentScorer!, incumbent.Users, incumbent.Items, trained.Users, trained.Items, incumbent.Popularity_N);
            string which = night!.Incumbent!.Baseline is { } inService ? $"{night.Incumbent.Name}: {ServedBaseline.Of(inService).Title}" : night.Incumbent.Name;
            others.Insert(0, new(IncumbentComparison.Key, $"the model in production ({which})", mapped, ScoresAreProbabilities: false));
        }

        var served = new ServedScorer(scorer, data.History, trained.Popularity_N);
        NamedScorer[] all = [new("model", NameOf(settings.Model), served, ScoresAreProbabilities: true), .. others];
        EvaluationResult result = Evaluator.Run(data, all, options, context.Job.Progress) with
        {
            Baselines = chosen,
        };
        result = result with { Told = Told(trained, data, result.WholeCatalogue.Scorers[0], context) };
        ReportGate? gate = night?.Decide(result, trained.Weights);
        NamedScorer? serves = gate?.Baseline is null ? null : baselines.Single(one => one.Key == gate.Baseline);
        ReportWriter.Write(context.Writer.Path, new ReportInput
        {
            Title = TitleOf(context.Job.RunDirectory),
            Evaluation = result,
            Options = options,
            Model = Describe(trained.Weights),
            Data = DataFigures.From(data, prepared.Manifest.Rows),
            Examples = ExampleUsers.Build(
                serves?.Scorer ?? served, data, trained.Users, trained.Items, options.ExampleUsers, settings.Score.TopK, options.Seed),
            Gate = gate,
            Served = serves is null ? night?.Served : ServedBy(serves),
            Caution = Caution,
            Notes = [.. prepared.Manifest.Notes.Values],
            Configuration = new JsonObject(typeof(NcfSparkConfiguration).GetProperties()
                .Select(section => KeyValuePair.Create(section.Name, (JsonNode?)SettingsJson.All(section.GetValue(settings)!)))),
        });
        return new StageCounts(new() { ["users"] = result.WholeCatalogue.Users, ["test_rows"] = result.WholeCatalogue.Rows });
    }

    // Beside the model as it is measured otherwise: who is not told the moment is what a night serves, unless Score:At tells it.
    private ProtocolResult? Told(TrainedModel trained, EvaluationData data, ScorerMetrics untold, StageContext context)
    {
        if (!trained.Weights.Options.HasMoment || trained.Weights.Pools is null) return null;
        using IModelScorer scorer = Scorers.Of(trained.Weights.Told(data.TestMoments));
        var told = new NamedScorer(
            "model_told", $"{untold.Title}, told the moment", new ServedScorer(scorer, data.History, trained.Popularity_N), ScoresAreProbabilities: true);
        ProtocolResult measured = Evaluator.Run(data, [told], settings.Evaluate, context.Job.Progress).WholeCatalogue;
        return measured with { Scorers = [.. measured.Scorers, untold] };
    }

    private string ServedBy(NamedScorer baseline)
    {
        string again = settings.Nightly.Refit ? " It learned once more from all interactions, those included that it was tested on (Nightly:Refit)." : "";
        return $"The night's lists are made by a baseline, {baseline.Title}, and not by the network, which is measured here as the model.{again}";
    }

    private string? Caution
    {
        get
        {
            var cautions = new List<string>();
            if (settings.Prepare.NegativesAvoid == AvoidedItems.Touched)
            {
                cautions.Add("Held-out items were never drawn as negatives (Prepare:NegativesAvoid is \"touched\"), so a model that fits well can know "
                    + "them by that: its figures flatter it. Measure with \"trained\".");
            }

            if (settings.Input.TimestampColumn.Length == 0) cautions.Add(prepared.Manifest.Notes["times"]);
            return cautions.Count == 0 ? null : string.Join(' ', cautions);
        }
    }

    // A night is shown with its run: "ml-latest-small, 2026-11-24".
    private static string TitleOf(string runDirectory)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(runDirectory)), name = Path.GetFileName(path);
        return RunNights.IsName(name) ? $"{Path.GetFileName(Path.GetDirectoryName(path))}, {name}" : name;
    }

    /// <summary>The headline figures, for the summary line.</summary>
    public static string Headline(StageDirectory report)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(report.File(ReportWriter.JsonName)))!, catalogue = json["whole_catalogue"]!;
        string cutOff = json["verdict"]!["metric"]!.GetValue<string>().Split('@')[1];
        string Of(string scorer, string metric) => $"{catalogue[scorer]![$"{metric}@{cutOff}"]!["value"]!.GetValue<double>():F4}";
        JsonNode baselines = json["baselines"]!;
        string strongest = baselines["strongest"]!.GetValue<string>(), title = baselines[strongest]!["title"]!.GetValue<string>();
        return $"whole catalogue NDCG@{cutOff} {Of("model", "ndcg")}, HR@{cutOff} {Of("model", "hr")}; "
            + $"the strongest baseline, {title}, {Of(strongest, "ndcg")}, {Of(strongest, "hr")}";
    }

    private static string NameOf(ModelOptions model) =>
        model.HasInteractions ? "Deep MF"
        : (model.Kind == NetworkKind.Neumf ? "NeuMF" : $"{model.Kind}".ToUpperInvariant()) + (model.HasPast ? $" with {SettingText.Of(model.User)}" : "");

    private ModelReport Describe(ModelWeights weights)
    {
        TrainingLog log = JsonSerializer.Deserialize<TrainingLog>(File.ReadAllText(model.File(TrainingLog.FileName)), TrainingLog.Json)!;
        IEnumerable<EpochPoint> epochs = log.Epochs.Select(epoch => new EpochPoint(epoch.Epoch, epoch.Loss, epoch.ValidationNdcg, epoch.Seconds));
        return new ModelReport(NetworkDescription.Of(weights), [.. epochs], log.BestEpoch)
        {
            Workers = [.. log.Workers.Select(worker => new WorkerPoint(
                worker.Epoch,
                worker.Worker,
                worker.Samples,
                worker.Times.Rounds,
                worker.Times.Computing,
                worker.Times.Waiting,
                worker.Times.Communicating,
                worker.Times.BytesSent,
                worker.Times.BytesReceived))],
        };
    }
}
