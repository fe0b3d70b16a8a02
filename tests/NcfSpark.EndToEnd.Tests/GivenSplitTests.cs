using NcfSpark.Core;
using NcfSpark.Evaluation;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>The NCF paper's own split of ML-1M through `prepare`, checked by figures that are known for popularity on it.</summary>
[Trait("Category", "Slow")]
public sealed class GivenSplitTests
{
    [SkippableFact]
    public void PopularityOnTheNcfPapersFilesGivesTheKnownFigures()
    {
        string folder = Path.Combine(NcfSparkProcess.Repository, "..", "shared", "data", "ml-1m-ncf");
        Skip.IfNot(Directory.Exists(folder), "Needs MovieLens 1M in ../shared/data/ml-1m-ncf: conf/ml-1m.json says where to get it.");
        using var run = new RunDirectory();
        NcfSparkProcess.RunWell("prepare", "--config", "conf/ml-1m.json", "--run", run.Path);
        EvaluationData data = EvaluationData.From(PreparedData.Open(run.Path));
        Assert.Equal((6040, 3706, 994_169, 6040), (data.UserCount, data.ItemInteractions.Length, data.Train.Count, data.Test.Count));

        Assert.Equal((.45199, .25258), Figures(data, data.TestCandidates, new PopularityScorer(data.ItemInteractions))); // ties against the model

        // Ties by item id: item_index is the order by falling popularity, then id. 156 rows list the held-out item among its own candidates.
        int[] rows = [.. Enumerable.Range(0, data.Test.Count).SelectMany(row => Enumerable.Repeat(row, data.TestCandidates[row].Length))];
        (int Row, int Item)[] others = [.. rows.Zip(data.TestCandidates.Items).Where(pair => pair.Second != data.Test.Items[pair.First])];
        Assert.Equal(156, rows.Length - others.Length);
        InteractionLists candidates = InteractionLists.FromRows(data.Test.Count, [.. others.Select(pair => pair.Row)], [.. others.Select(pair => pair.Item)]);
        Assert.Equal((.45348, .25424), Figures(data, candidates, new PopularityScorer([.. Enumerable.Range(0, 3706).Select(item => 3706 - item)])));
    }

    private static (double HitRate, double Ndcg) Figures(EvaluationData data, InteractionLists candidates, PopularityScorer scorer)
    {
        var options = new EvaluateOptions { CutOffs = [10], BootstrapSamples = 0 };
        NamedScorer popularity = new("popularity", "popularity", scorer, ScoresAreProbabilities: false);
        EvaluationResult result = Evaluator.Run(data with { TestCandidates = candidates }, [popularity], options, SilentProgress.Instance);
        OrderedDictionary<string, MetricInterval?> metrics = result.Sampled!.Scorers[0].Metrics;
        return (Math.Round(metrics["hr@10"]!.Value, 5), Math.Round(metrics["ndcg@10"]!.Value, 5));
    }
}
