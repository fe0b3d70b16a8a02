using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>
/// report.json: everything that the page shows and more, under stable names. A metric is {"value", "low", "high"}, low and high the 95 %
/// interval or null; a metric without a meaning for a scorer is null.
/// </summary>
public static class ReportJson
{
    /// <summary>The layout of report.json; it rises when a key changes its name or meaning.</summary>
    public const int Schema = 2;

    /// <summary>Where the decision of the gate stands.</summary>
    public const string GateKey = "gate";

    public static JsonObject Of(ReportInput input)
    {
        Verdict verdict = Verdict.Of(input.Evaluation, input.Options.CutOffs);
        var report = new JsonObject
        {
            ["schema"] = Schema,
            ["title"] = input.Title,
            ["verdict"] = new JsonObject
            {
                ["metric"] = verdict.Metric,
                ["outcome"] = verdict.Outcome,
                ["sentence"] = verdict.Sentence,
                ["detail"] = verdict.Detail,
            },
            ["data"] = DataOf(input.Data),
            ["network"] = NetworkOf(input.Model),
            ["training"] = TrainingOf(input.Model),
            ["whole_catalogue"] = ProtocolOf(input.Evaluation.WholeCatalogue),
            ["whole_catalogue_by_history"] = Array(input.Evaluation.ByHistory.Select(GroupOf)),
            ["whole_catalogue_told_moment"] = ProtocolOf(input.Evaluation.Told),
            ["sampled"] = ProtocolOf(input.Evaluation.Sampled),
            ["classification"] = ProtocolOf(input.Evaluation.Classification),
            ["differences"] = new JsonObject
            {
                ["whole_catalogue"] = ScorersOf(input.Evaluation.WholeCatalogue.Differences),
                ["sampled"] = ScorersOf(input.Evaluation.Sampled?.Differences),
                ["classification"] = ScorersOf(input.Evaluation.Classification?.Differences),
            },
            ["baselines"] = BaselinesOf(input.Evaluation.Baselines),
            ["examples"] = Array(input.Examples.Select(ExampleOf)),
            ["configuration"] = input.Configuration.DeepClone(),
        };
        if (report["classification"] is JsonObject classification)
        {
            classification["threshold"] = input.Options.Threshold;
            classification["log_loss_epsilon"] = ClassificationMeasure.Epsilon;
        }

        if (input.Evaluation.ByPresence is [var known, var unknown])
        {
            report["whole_catalogue_by_presence"] = new JsonObject { ["there_before"] = GroupOf(known), ["new"] = GroupOf(unknown) };
        }

        if (input.Evaluation.ByItem.Count > 0)
        {
            report["by_item"] = new JsonObject(input.Evaluation.ByItem.Select(group => KeyValuePair.Create(group.Key, (JsonNode?)ProtocolOf(group.Result))));
        }

        if (input.Gate is not null) report[GateKey] = input.Gate.Json;
        if (input.Served is not null) report["served"] = input.Served;
        if (input.Caution is not null) report["caution"] = input.Caution;
        if (input.Notes.Count > 0) report["notes"] = Array(input.Notes.Select(note => (JsonNode)note));
        if (input.Made is DateTimeOffset made) report["made"] = made.ToString("O");
        return report;
    }

    private static JsonObject DataOf(DataFigures data) => new()
    {
        ["users"] = data.Users,
        ["items"] = data.Items,
        ["interactions"] = data.Interactions,
        ["train"] = data.Train,
        ["validation"] = data.Validation,
        ["test"] = data.Test,
        ["density"] = data.Density,
        ["first_timestamp"] = data.FirstTimestamp,
        ["last_timestamp"] = data.LastTimestamp,
        ["interactions_per_user"] = SpreadOf(data.UserInteractions),
        ["interactions_per_item"] = SpreadOf(data.ItemInteractions),
        ["share_of_most_popular_1_percent"] = data.ShareOfMostPopular(0.01),
        ["share_of_most_popular_10_percent"] = data.ShareOfMostPopular(0.1),
        ["rows"] = new JsonObject(data.Rows.Select(row => KeyValuePair.Create(row.Key, (JsonNode?)row.Value))),
    };

    private static JsonObject SpreadOf(int[] counts) => new()
    {
        ["min"] = DataFigures.Quantile(counts, 0),
        ["p25"] = DataFigures.Quantile(counts, 0.25),
        ["median"] = DataFigures.Quantile(counts, 0.5),
        ["p75"] = DataFigures.Quantile(counts, 0.75),
        ["max"] = DataFigures.Quantile(counts, 1),
    };

    private static JsonObject NetworkOf(ModelReport model) => new()
    {
        ["parameters"] = model.Parameters,
        ["layers"] = Array(model.Network.Select(layer => new JsonObject
        {
            ["name"] = layer.Name,
            ["kind"] = layer.Kind,
            ["inputs"] = Array(layer.Inputs.Select(input => JsonValue.Create(input))),
            ["input_shape"] = layer.InputShape,
            ["output_shape"] = layer.OutputShape,
            ["parameters"] = layer.Parameters,
            ["notes"] = layer.Notes,
        })),
    };

    private static JsonObject TrainingOf(ModelReport model) => new()
    {
        ["best_epoch"] = model.BestEpoch,
        ["validation_metric"] = model.ValidationMetric,
        ["epochs"] = Array(model.Curve.Select(point => new JsonObject
        {
            ["epoch"] = point.Epoch,
            ["loss"] = Number(point.Loss),
            ["validation"] = Number(point.Validation),
            ["seconds"] = Number(point.Seconds),
        })),
        ["workers"] = Array(model.Workers.Select(point => new JsonObject
        {
            ["epoch"] = point.Epoch,
            ["worker"] = point.Worker,
            ["samples"] = point.Samples,
            ["rounds"] = point.Rounds,
            ["computing_seconds"] = Number(point.Computing),
            ["waiting_seconds"] = Number(point.Waiting),
            ["communicating_seconds"] = Number(point.Communicating),
            ["bytes_sent"] = point.BytesSent,
            ["bytes_received"] = point.BytesReceived,
        })),
    };

    private static JsonObject? BaselinesOf(ChosenBaselines? baselines)
    {
        if (baselines is null) return null;
        var result = new JsonObject(baselines.Figures.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)new JsonObject
        {
            ["title"] = one.Title, ["setting"] = one.Setting, ["parameter"] = one.Parameter, ["validation_ndcg@10"] = IntervalOf(one.Validation),
        })));
        result.Insert(0, "strongest", baselines.Strongest);
        result.Insert(1, "validation_users", baselines.ValidationUsers);
        result["left_out"] = Array(baselines.LeftOut.Select(reason => (JsonNode)reason));
        return result;
    }

    private static JsonObject GroupOf(UserGroup group)
    {
        JsonObject result = ProtocolOf(group.Result)!;
        result.Insert(0, "fewest_seen", group.FewestSeen);
        result.Insert(1, "most_seen", group.MostSeen);
        result["differences"] = ScorersOf(group.Result.Differences);
        return result;
    }

    private static JsonObject? ProtocolOf(ProtocolResult? protocol)
    {
        if (protocol is null) return null;
        JsonObject result = ScorersOf(protocol.Scorers)!;
        result.Insert(0, "users", protocol.Users);
        result.Insert(1, "rows", protocol.Rows);
        result.Insert(2, "negatives", protocol.Negatives);
        return result;
    }

    private static JsonObject? ScorersOf(IReadOnlyList<ScorerMetrics>? scorers) =>
        scorers is null ? null : new JsonObject(scorers.Select(scorer => KeyValuePair.Create(scorer.Key, (JsonNode?)MetricsOf(scorer))));

    private static JsonObject MetricsOf(ScorerMetrics scorer) =>
        new(scorer.Metrics.Select(metric => KeyValuePair.Create(metric.Key, (JsonNode?)IntervalOf(metric.Value))));

    private static JsonObject? IntervalOf(MetricInterval? value) => value is null
        ? null
        : new JsonObject { ["value"] = Number(value.Value), ["low"] = Number(value.Low), ["high"] = Number(value.High) };

    private static JsonObject ExampleOf(ExampleUser user) => new()
    {
        ["user_id"] = user.UserId,
        ["interactions"] = user.Interactions,
        ["held_out"] = user.HeldOut,
        ["history"] = Array(user.History.Select(item => new JsonObject { ["item"] = item.Item, ["timestamp"] = item.Timestamp })),
        ["recommendations"] = Array(user.Recommendations.Select(
            item => new JsonObject { ["item"] = item.Item, ["score"] = Number(item.Score), ["hit"] = item.IsHit })),
    };

    private static JsonArray Array(IEnumerable<JsonNode?> nodes) => [.. nodes];

    // JSON has no NaN and no infinity.
    private static JsonValue? Number(double? value) => value is double known && double.IsFinite(known) ? JsonValue.Create(known) : null;

    // Letters of all scripts stay readable: the file is never a part of a page.
    public static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
