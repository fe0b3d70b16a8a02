using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Reporting;

namespace NcfSpark.Pipeline;

/// <summary>
/// prepared/ and report/ → baseline/: the baseline that was strongest on validation, as the model that makes predictions, by the setting that was chosen there.
/// It learns from all interactions, those held out too, where a network would be trained again on them (Nightly:Refit).
/// </summary>
/// <param name="report">Names the baseline.</param>
public sealed class BaselineStage(NcfSparkConfiguration settings, StageDirectory prepared, StageDirectory report) : Stage
{
    public override string Name => ServedBaseline.StageName;

    public override IReadOnlyList<Artifact> Inputs => [Artifact.Of(prepared), Artifact.Of(report)];

    public override IReadOnlyList<(string, object)> Options =>
        [(ServedBaseline.Section, StrongestIn(report)), ("Refit", JsonValue.Create(settings.Nightly.Refit))];

    public override long Seed => settings.Evaluate.Seed;

    public override StageCounts Run(StageContext context)
    {
        ServedBaseline baseline = StrongestIn(report);
        EvaluationData data = EvaluationData.From(new PreparedData(prepared));
        string rows = settings.Nightly.Refit ? "all interactions" : "the training interactions";
        context.Job.Progress.Line($"{baseline.Named} learns from {rows}, for what is served.");
        TrainedModel model = Fit(baseline, new PreparedData(prepared), data, settings.Nightly.Refit, settings.Evaluate);
        model.Weights.Baseline!.Write(context.Writer.File(ItemWeights.FileName));
        TrainedModel.WriteIds(context.Writer.Path, model.Users, model.Items);
        return new StageCounts(new()
        {
            ["users"] = model.Users.Count,
            ["items"] = model.Items.Count,
            ["weights"] = model.Weights.Baseline.Values.Length,
            [ServedBaseline.LongestHistory] = Longest(data),
        });
    }

    /// <summary>The baseline of a night in production as it was measured, without what the night held out, with the histories that it knew.</summary>
    /// <param name="baseline">Its baseline/.</param>
    public static TrainedModel Measured(StageDirectory prepared, StageDirectory baseline, EvaluateOptions options)
    {
        var data = new PreparedData(prepared);
        return Fit(ServedBaseline.Of(baseline), data, EvaluationData.From(data), all: false, options);
    }

    /// <summary>Which baseline was strongest on validation, by what setting.</summary>
    public static ServedBaseline StrongestIn(StageDirectory report)
    {
        JsonNode baselines = JsonNode.Parse(File.ReadAllText(report.File(ReportWriter.JsonName)))!["baselines"]!;
        string key = baselines["strongest"]!.GetValue<string>();
        double parameter = baselines[key]!["parameter"]!.GetValue<double>();
        return new(key, baselines[key]!["title"]!.GetValue<string>(), baselines[key]!["setting"]!.GetValue<string>(), parameter)
        {
            Decay = key == Baselines.RecentItemCosine ? parameter : null,
        };
    }

    private static TrainedModel Fit(ServedBaseline baseline, PreparedData prepared, EvaluationData data, bool all, EvaluateOptions options)
    {
        (IdTable users, IdTable items) = (prepared.ReadUsers(), prepared.ReadItems());
        InteractionRows rows = data.Train, validation = data.Validation, test = data.Test;
        if (all)
        {
            rows = data.All;
            users = users.WithMoreInteractions([.. validation.Users, .. test.Users]);
            items = items.WithMoreInteractions([.. validation.Items, .. test.Items], InteractionRows.Concat(validation, test).Weights);
        }

        ItemWeights weights = BaselineWeights.Of(baseline.Key, baseline.Parameter, users.Count, items.Count, rows, options);
        TrainedModel model = ServedBaseline.AsModel(weights, Longest(data), users, items);
        if (model.Weights.Pools is { } pools) model.Weights.Pools = UserPools.Latest(users.Count, rows, pools.Length);
        return model;
    }

    // Of what users have in any part: when scoring, held-out items are history, too.
    private static int Longest(EvaluationData data)
    {
        int[] lengths = [.. Enumerable.Range(0, data.UserCount).Select(user => data.Seen[user].Length)];
        foreach (int user in data.Test.Users) lengths[user]++;
        return lengths.Max();
    }
}
