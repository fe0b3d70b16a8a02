using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
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

    private static readonly Lazy<ReportInput> Made = new(() => Make("sample")), BesideProduction = new(() => Make("sample", others: 1)),
        BesideMany = new(() => Make("sample", others: 5));

    public static ReportInput Input => Made.Value;

    /// <summary>The model in production was measured, too.</summary>
    public static ReportInput WithProduction => BesideProduction.Value;

    private static string LongTitle { get; } = string.Join(' ', Enumerable.Repeat("a long title", 12));

    /// <summary>And so were four candidates more; titles are long.</summary>
    public static ReportInput WithMany => BesideMany.Value with
    {
        Title = new string('w', 120),
        Examples = [.. BesideMany.Value.Examples.Select(user => user with
        {
            UserId = new string('u', 90),
            History = [.. user.History.Select(item => item with { Item = $"{item.Item} {new string('x', 150)}" })],
            Recommendations = [.. user.Recommendations.Select(item => item with { Item = LongTitle })],
        })],
    };

    /// <summary>A report's page, without what stands in its script element.</summary>
    public static string Page(ReportInput input) => WithoutScript(ReportPage.Of(input));

    public static string WithoutScript(string page) => Regex.Replace(page, "(?s)<script>.*?</script>", "<script></script>");

    /// <summary>A report in which every text that comes from outside is the given one.</summary>
    public static ReportInput With(string text) => Input with
    {
        Title = text,
        Configuration = new JsonObject { [text] = new JsonObject { [text] = text }, ["Plain" + text] = new JsonArray(text) },
        Examples = [new ExampleUser(text, 3, [new ExampleItem(text, 1_500_000_000)], 1, [new ExampleRecommendation(text, 0.5, true)])],
        Model = Input.Model with { Network = [new NetworkLayer(text, text, [], text, text, 5, text)] },
        Data = Input.Data with { Rows = new Dictionary<string, long> { [text] = 1 } },
    };

    private static ReportInput Make(string title, int others = 0)
    {
        EvaluationData data = Logs.Random(60, 50, 0.25, 3, candidates: 12, seed: 21);
        var options = new EvaluateOptions { CutOffs = [5, 10], BootstrapSamples = 100, Threads = 1 };
        RandomStream noise = RandomStream.Named(2, "noise");
        var model = new TableScorer([.. Enumerable.Range(0, 60)
            .Select(u => Enumerable.Range(0, 50).Select(i => (float)(data.ItemInteractions[i] / 20.0 * noise.Unit(u * 50 + i))).ToArray())]);
        (IReadOnlyList<NamedScorer> baselines, ChosenBaselines chosen) = Baselines.Choose(data, options, SilentProgress.Instance);
        NamedScorer[] scorers = [new("model", "NeuMF", model, true), .. Others(others, model), .. baselines];
        EvaluationResult result = Evaluator.Run(data, scorers, options, SilentProgress.Instance) with { Baselines = chosen };
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

    private static IEnumerable<NamedScorer> Others(int count, IScorer scorer) => Enumerable.Range(0, count).Select(place => place == 0
        ? new NamedScorer(Verdict.IncumbentKey, "the model in production (2026-11-23)", scorer, ScoresAreProbabilities: false)
        : new NamedScorer($"candidate-{place}", $"candidate {place} with a hyphenated-and-uncommonly-long name", scorer, ScoresAreProbabilities: false));
}
