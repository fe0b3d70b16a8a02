using System.Text.Json.Nodes;
using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Reporting;

namespace NcfSpark.Pipeline;

/// <summary>prepared/ and model/ → report/: report.json, page.json, network.svg; and beside it report.html, drawn from that.</summary>
public static class EvaluateJob
{
    public const string StageName = "report";

    /// <param name="prepared">What is measured on.</param>
    /// <param name="model">What is measured.</param>
    /// <param name="night">Of a night: what it is compared with; null for `evaluate`, which decides nothing.</param>
    public static string Fingerprint(JobContext job, StageDirectory prepared, StageDirectory model, IncumbentComparison? night = null)
    {
        var settings = new SortedDictionary<string, JsonNode> { ["Evaluate"] = SettingsJson.ResultShaping(job.Configuration.Evaluate), ["TopK"] = job.Configuration.Score.TopK };
        if (night is not null) settings["Night"] = night.Settings;
        return StageManifest.FingerprintOf(StageName, MadeFrom(prepared, model, night), settings);
    }

    /// <inheritdoc cref="Fingerprint"/>
    public static StageDirectory Make(JobContext job, StageDirectory prepared, StageDirectory model, IncumbentComparison? night = null)
    {
        EvaluateOptions options = job.Configuration.Evaluate;
        SortedDictionary<string, string> madeFrom = MadeFrom(prepared, model, night);
        EvaluationData data = EvaluationData.From(new PreparedData(prepared));
        TrainedModel trained = TrainedModel.Read(model);
        using IModelScorer scorer = Scorers.Of(trained.Weights);
        TrainedModel? inService = night?.Incumbent is { } before ? TrainedModel.Read(before.Model) : null;
        using IModelScorer? earlier = inService is null ? null : Scorers.Of(inService.Weights);
        List<NamedScorer> others = [.. Evaluator.Baselines(data)];
        if (inService is not null)
        {
            var scorerOfIncumbent = new EarlierScorer(earlier!, inService.Users, inService.Items, trained.Users, trained.Items);
            others.Add(new(IncumbentComparison.Key, $"the model in service ({night!.Incumbent!.Name})", scorerOfIncumbent, ScoresAreProbabilities: false));
        }

        EvaluationResult result = Evaluator.Run(data, [new("model", NameOf(job.Configuration.Model), scorer, ScoresAreProbabilities: true), .. others], options, job.Progress);

        using StageWriter writer = StageWriter.Begin(job.RunDirectory, StageName);
        ReportWriter.Write(writer.Path, new ReportInput
        {
            Title = TitleOf(job.RunDirectory),
            Evaluation = result,
            Options = options,
            Model = Describe(trained.Weights, model),
            Data = DataFigures.From(data, prepared.Manifest.Rows),
            Examples = ExampleUsers.Build(scorer, data, trained.Users, trained.Items, options.ExampleUsers, job.Configuration.Score.TopK, options.Seed),
            Gate = night?.Decide(result, trained.Weights),
            Served = night?.Served,
            Caution = CautionOf(job.Configuration, prepared),
            Notes = [.. prepared.Manifest.Notes.Values],
            Configuration = new JsonObject(typeof(NcfSparkConfiguration).GetProperties().Select(section => KeyValuePair.Create(section.Name, (JsonNode?)SettingsJson.All(section.GetValue(job.Configuration)!)))),
        });
        return writer.Publish(new StageManifest
        {
            Stage = StageName,
            Fingerprint = Fingerprint(job, prepared, model, night),
            MadeFrom = madeFrom,
            Configuration = new() { ["Evaluate"] = SettingsJson.All(options) },
            Seed = options.Seed,
            Rows = new() { ["users"] = result.WholeCatalogue.Users, ["test_rows"] = result.WholeCatalogue.Rows },
        });
    }

    private static string? CautionOf(NcfSparkConfiguration configuration, StageDirectory prepared)
    {
        var cautions = new List<string>();
        if (configuration.Prepare.NegativesAvoid == AvoidedItems.Touched)
        {
            cautions.Add("Held-out items were never drawn as negatives (Prepare:NegativesAvoid is \"touched\"), so a model that fits well can know "
                + "them by that: its figures flatter it. Measure with \"trained\".");
        }

        if (configuration.Input.TimestampColumn.Length == 0) cautions.Add(prepared.Manifest.Notes["times"]);
        return cautions.Count == 0 ? null : string.Join(' ', cautions);
    }

    // A night is known by its run: "ml-latest-small, 2026-11-24".
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
        return $"whole catalogue NDCG@{cutOff} {Of("model", "ndcg")}, HR@{cutOff} {Of("model", "hr")}; popularity {Of("popularity", "ndcg")}, {Of("popularity", "hr")}; item-item cosine {Of("item_cosine", "ndcg")}, {Of("item_cosine", "hr")}";
    }

    private static SortedDictionary<string, string> MadeFrom(StageDirectory prepared, StageDirectory model, IncumbentComparison? night)
    {
        SortedDictionary<string, string> from = Inputs.Of(prepared, model);
        if (night?.Incumbent is { } before) from[IncumbentComparison.Key] = before.Model.Manifest.Fingerprint;
        return from;
    }

    private static string NameOf(ModelOptions model) => (model.Kind == "neumf" ? "NeuMF" : model.Kind.ToUpperInvariant()) + (model.HasHistory ? " with history" : "");

    private static ModelReport Describe(ModelWeights weights, StageDirectory model)
    {
        TrainingHistory history = JsonSerializer.Deserialize<TrainingHistory>(File.ReadAllText(model.File(TrainingHistory.FileName)), TrainingHistory.Json)!;
        return new ModelReport(NetworkDescription.Of(weights), [.. history.Epochs.Select(epoch => new EpochPoint(epoch.Epoch, epoch.Loss, epoch.ValidationNdcg, epoch.Seconds))], history.BestEpoch)
        {
            Workers = [.. history.Workers.Select(worker => new WorkerPoint(
                worker.Epoch, worker.Worker, worker.Samples, worker.Times.Rounds, worker.Times.Computing, worker.Times.Waiting, worker.Times.Communicating, worker.Times.BytesSent, worker.Times.BytesReceived))],
        };
    }
}
