using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

/// <summary>A whole report over a small random log; the model is popularity with noise.</summary>
internal static class SampleReport
{
    public static NetworkLayer[] Network { get; } =
    [
        new("user", "Input", [], "", "1", 0),
        new("item", "Input", [], "", "1", 0),
        new("user_gmf", "Embedding", ["user"], "1", "8", 320),
        new("item_gmf", "Embedding", ["item"], "1", "8", 400),
        new("user_mlp", "Embedding", ["user"], "1", "8", 320),
        new("item_mlp", "Embedding", ["item"], "1", "8", 400),
        new("gmf", "Multiply", ["user_gmf", "item_gmf"], "8 × 8", "8", 0),
        new("mlp_input", "Concatenate", ["user_mlp", "item_mlp"], "8 + 8", "16", 0, "dropout 0.25"),
        new("mlp_1", "Dense + ReLU", ["mlp_input"], "16", "8", 136),
        new("neumf", "Concatenate", ["gmf", "mlp_1"], "8 + 8", "16", 0),
        new("score", "Dense + Sigmoid", ["neumf"], "16", "1", 17),
    ];

    private static readonly Lazy<ReportInput> Made = new(() => Make("sample"));

    public static ReportInput Input => Made.Value;

    /// <summary>A report in which every text that comes from outside is the given one.</summary>
    public static ReportInput With(string text) => Input with
    {
        Title = text,
        Configuration = new JsonObject { [text] = new JsonObject { [text] = text }, ["Plain" + text] = new JsonArray(text) },
        Examples = [new ExampleUser(text, 3, [new ExampleItem(text, 1_500_000_000)], 1, [new ExampleRecommendation(text, 0.5, true)])],
        Model = Input.Model with { Network = [new NetworkLayer(text, text, [], text, text, 5, text)] },
        Data = Input.Data with { Rows = new Dictionary<string, long> { [text] = 1 } },
    };

    private static ReportInput Make(string title)
    {
        EvaluationData data = Logs.Random(60, 50, 0.25, 3, candidates: 12, seed: 21);
        var options = new EvaluateOptions { CutOffs = [5, 10], BootstrapSamples = 100, Threads = 1 };
        RandomStream noise = RandomStream.Named(2, "noise");
        var model = new TableScorer([.. Enumerable.Range(0, 60)
            .Select(u => Enumerable.Range(0, 50).Select(i => (float)(data.ItemInteractions[i] / 20.0 * noise.Unit(u * 50 + i))).ToArray())]);
        (IReadOnlyList<NamedScorer> baselines, ChosenBaselines chosen) = Baselines.Choose(data, options, SilentProgress.Instance);
        EvaluationResult result = Evaluator.Run(data, [new("model", "NeuMF", model, true), .. baselines], options, SilentProgress.Instance)
            with { Baselines = chosen };
        var users = new IdTable([.. Enumerable.Range(0, 60).Select(u => $"u{u}")], new int[60]);
        var items = new IdTable([.. Enumerable.Range(0, 50).Select(i => 100L + i)], data.ItemInteractions);
        return new ReportInput
        {
            Title = title,
            Evaluation = result,
            Options = options,
            Model = new ModelReport(Network, [new(1, 0.6, 0.1, 1.5), new(2, 0.5, 0.2, 1.5), new(3, 0.45, 0.15, 1.5)], BestEpoch: 2)
            {
                Workers = [new(1, 0, 1000, 10, 1.25, 0.5, 0.25, 4_000_000, 5_000_000), new(1, 1, 900, 10, 1.5, 0.25, 0.25, 3_000_000, 5_000_000)],
            },
            Data = DataFigures.From(data, new Dictionary<string, long> { ["users"] = 60 }),
            Examples = ExampleUsers.Build(model, data, users, items, 3, 5, seed: 1),
            Configuration = new JsonObject { ["Train"] = new JsonObject { ["Epochs"] = 3 } },
        };
    }
}
