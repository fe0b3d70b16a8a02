using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Data;
using NcfSpark.Evaluation;
using NcfSpark.Evaluation.Reporting;
using NcfSpark.Model;
using NcfSpark.Preparation;

namespace NcfSpark.Jobs;

/// <summary>prepared/ and model/ → report/: report.json, report.html, network.svg.</summary>
internal static class EvaluateJob
{
    public const string StageName = "report";

    public static ExitCode Run(JobContext job)
    {
        StageDirectory prepared = PrepareJob.Open(job);
        StageSummary.Write(job, Make(job, prepared, TrainJob.Open(job, prepared)));
        return ExitCode.Done;
    }

    public static string Fingerprint(JobContext job, StageDirectory prepared, StageDirectory model) => StageManifest.FingerprintOf(
        StageName,
        MadeFrom(job, prepared, model),
        new() { ["Evaluate"] = SettingsJson.ResultShaping(job.Configuration.Evaluate), ["TopK"] = job.Configuration.Score.TopK });

    public static StageDirectory Make(JobContext job, StageDirectory prepared, StageDirectory model)
    {
        EvaluateOptions options = job.Configuration.Evaluate;
        SortedDictionary<string, string> madeFrom = MadeFrom(job, prepared, model);
        Dictionary<string, string> titles = ReadTitles(job);
        EvaluationData data = EvaluationData.From(new PreparedData(prepared));
        TrainedModel trained = TrainedModel.Read(model);
        using IModelScorer scorer = Scorers.Of(trained.Weights, job.Configuration.Train);
        EvaluationResult result = Evaluator.Run(data, [new("model", NameOf(job.Configuration.Model), scorer, ScoresAreProbabilities: true), .. Evaluator.Baselines(data)], options, job.Progress);

        using StageWriter writer = StageWriter.Begin(job.RunDirectory, StageName);
        ReportWriter.Write(writer.Path, new ReportInput
        {
            Title = Path.GetFileName(Path.GetFullPath(job.RunDirectory)),
            Evaluation = result,
            Options = options,
            Model = Describe(trained.Weights, model),
            Data = DataFigures.From(data, prepared.Manifest.Rows),
            Examples = ExampleUsers.Build(scorer, data, trained.Users, trained.Items, titles, options.ExampleUsers, job.Configuration.Score.TopK, options.Seed),
            Caution = job.Configuration.Prepare.NegativesAvoid == "touched"
                ? "Held-out items were never drawn as negatives (Prepare:NegativesAvoid is \"touched\"), so a model that fits well can know them by that: its figures flatter it. Measure with \"trained\"."
                : null,
            Configuration = new JsonObject(typeof(NcfSparkConfiguration).GetProperties().Select(section => KeyValuePair.Create(section.Name, (JsonNode?)SettingsJson.All(section.GetValue(job.Configuration)!)))),
        });
        return writer.Publish(new StageManifest
        {
            Stage = StageName,
            Fingerprint = Fingerprint(job, prepared, model),
            MadeFrom = madeFrom,
            Configuration = new() { ["Evaluate"] = SettingsJson.All(options) },
            Seed = options.Seed,
            Rows = new() { ["users"] = result.WholeCatalogue.Users, ["test_rows"] = result.WholeCatalogue.Rows },
        });
    }

    /// <summary>The headline figures, for the summary line.</summary>
    public static string Headline(StageDirectory report)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(report.File(ReportWriter.JsonName)))!, catalogue = json["whole_catalogue"]!;
        string cutOff = json["verdict"]!["metric"]!.GetValue<string>().Split('@')[1];
        string Of(string scorer, string metric) => $"{catalogue[scorer]![$"{metric}@{cutOff}"]!["value"]!.GetValue<double>():F4}";
        return $"whole catalogue NDCG@{cutOff} {Of("model", "ndcg")}, HR@{cutOff} {Of("model", "hr")}; popularity {Of("popularity", "ndcg")}, {Of("popularity", "hr")}; item-item cosine {Of("item_cosine", "ndcg")}, {Of("item_cosine", "hr")}";
    }

    private static SortedDictionary<string, string> MadeFrom(JobContext job, StageDirectory prepared, StageDirectory model)
    {
        var from = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared.Manifest.Fingerprint, [TrainedModel.StageName] = model.Manifest.Fingerprint };
        if (job.Configuration.Input.TitlesPath is { Length: > 0 } path) from["titles"] = FileHash.Of(path, "Input:TitlesPath");
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

    /// <summary>Items' titles by the item's id; none where no file is named.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read, or lacks a column.</exception>
    public static Dictionary<string, string> ReadTitles(JobContext job)
    {
        InputOptions input = job.Configuration.Input;
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        if (input.TitlesPath.Length == 0) return titles;
        string[][] columns = TextColumns.Read(input.TitlesPath, "Input:TitlesPath", new TextColumn("Input:TitlesIdColumn", input.TitlesIdColumn), new TextColumn("Input:TitlesTitleColumn", input.TitlesTitleColumn));
        for (int row = 0; row < columns[0].Length; row++) titles[columns[0][row]] = columns[1][row];
        return titles;
    }
}
