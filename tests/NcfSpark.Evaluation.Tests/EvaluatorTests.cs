using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Evaluation.Tests;

public class EvaluatorTests
{
    private const int Users = 120, Items = 80;
    private static readonly EvaluationData Data = Logs.Random(Users, Items, 0.2, 3, candidates: 20, seed: 11);
    private static readonly EvaluateOptions Options = new() { CutOffs = [5, 10], BootstrapSamples = 200, Threads = 1 };

    // Knows the answer, but for noise: held-out items score high.
    private static TableScorer Oracle(double noise)
    {
        RandomStream stream = RandomStream.Named(7, "oracle");
        var held = Data.Test.Users.Zip(Data.Test.Items).ToHashSet();
        return new([.. Enumerable.Range(0, Users).Select(u => Enumerable.Range(0, Items).Select(i => Score(u, i)).ToArray())]);

        float Score(int user, int item) => (float)((held.Contains((user, item)) ? 0.5 : 0.0) * (1 - noise) + noise * stream.Unit(user * Items + item));
    }

    private static EvaluationResult Run(IScorer model, EvaluateOptions options) =>
        Evaluator.Run(Data, [new("model", "the model", model, ScoresAreProbabilities: true), .. Logs.Baselines(Data)], options, SilentProgress.Instance);

    [Fact]
    public void AModelThatKnowsTheAnswerIsPerfectAndBeatsTheBaselines()
    {
        EvaluationResult result = Run(Oracle(noise: 0), Options);
        Assert.Equal(1, result.WholeCatalogue.Scorers[0].Metrics["ndcg@5"]!.Value, 12);
        Assert.Equal(1, result.Sampled!.Scorers[0].Metrics["hr@5"]!.Value, 12);
        Assert.Equal(1, result.Classification!.Scorers[0].Metrics["auc"]!.Value, 12);
        Assert.All(result.WholeCatalogue.Differences, baseline => Assert.True(baseline.Metrics["ndcg@10"]!.Low > 0));
    }

    [Fact]
    public void ABaselineComparedWithItselfDiffersByExactlyNothing()
    {
        EvaluationResult result = Run(new PopularityScorer(Data.ItemInteractions), Options);
        foreach (MetricInterval? difference in result.WholeCatalogue.Differences[0].Metrics.Values) Assert.Equal(0, difference!.Value);
        Assert.Equal(new MetricInterval(0, 0, 0), result.Sampled!.Differences[0].Metrics["ndcg@10"]);
        Assert.Equal(new MetricInterval(0, 0, 0), result.Classification!.Differences[0].Metrics["auc"]);
    }

    [Fact]
    public void IntervalsHoldTheirValuesAndDifferencesAddUp()
    {
        EvaluationResult result = Run(Oracle(noise: 0.6), Options);
        foreach (ProtocolResult protocol in new[] { result.WholeCatalogue, result.Sampled!, result.Classification! })
        {
            foreach (MetricInterval? metric in protocol.Scorers.SelectMany(scorer => scorer.Metrics.Values))
            {
                Assert.True(metric?.Low is null || (metric.Low <= metric.Value && metric.Value <= metric.High));
            }

            foreach (string name in protocol.Scorers[1].Metrics.Keys.Where(name => protocol.Scorers[1].Metrics[name] is not null))
            {
                Assert.Equal(protocol.Scorers[0].Metrics[name]!.Value - protocol.Scorers[1].Metrics[name]!.Value,
                    protocol.Differences[0].Metrics[name]!.Value, tolerance: 1e-12);
            }
        }
    }

    [Fact]
    public void OneAndTwoThreadsGiveTheSameBits()
    {
        EvaluationResult one = Run(Oracle(0.6), Options), two = Run(Oracle(0.6), Options with { Threads = 2 });
        Assert.Equal(one.WholeCatalogue.Scorers.SelectMany(scorer => scorer.Metrics), two.WholeCatalogue.Scorers.SelectMany(scorer => scorer.Metrics));
        Assert.Equal(one.Sampled!.Scorers.SelectMany(scorer => scorer.Metrics), two.Sampled!.Scorers.SelectMany(scorer => scorer.Metrics));
        Assert.Equal(one.Classification!.Differences.SelectMany(scorer => scorer.Metrics),
            two.Classification!.Differences.SelectMany(scorer => scorer.Metrics));
    }

    [Fact]
    public void OnlyProbabilitiesHaveAccuracyAndLogLoss()
    {
        ProtocolResult result = Run(Oracle(0.6), Options).Classification!;
        Assert.Equal(["accuracy", "auc", "log_loss"], result.Scorers[0].Metrics.Keys);
        Assert.All(result.Scorers[0].Metrics.Values, Assert.NotNull);
        foreach (ScorerMetrics baseline in result.Scorers.Skip(1))
        {
            Assert.Null(baseline.Metrics["accuracy"]);
            Assert.NotNull(baseline.Metrics["auc"]);
            Assert.Null(baseline.Metrics["log_loss"]);
        }
    }

    [Fact]
    public void TheWholeRunAgreesWithTheEvaluatorsAlone()
    {
        TableScorer model = Oracle(0.6);
        EvaluationResult result = Run(model, Options);
        RankingResult ranking = new RankingEvaluator(Data.Seen, Data.Test, [5, 10], Data.ItemInteractions).Evaluate(model, 1, SilentProgress.Instance);
        foreach ((string name, MetricInterval? metric) in result.WholeCatalogue.Scorers[0].Metrics) Assert.Equal(ranking[name], metric!.Value);
        foreach (PerUserMetric average in new SampledEvaluator(Data.Test, Data.TestCandidates, [5, 10], Users).Evaluate(model, 1, SilentProgress.Instance))
        {
            Assert.Equal(average.Value, result.Sampled!.Scorers[0].Metrics[average.Name]!.Value);
        }
    }

    [Fact]
    public void ASampleOfUsersIsTheSameInEveryProtocol()
    {
        EvaluationResult result = Run(Oracle(0.6), Options with { Users = 30 });
        Assert.Equal([30, 30, 30], new[] { result.WholeCatalogue.Users, result.Sampled!.Users, result.Classification!.Users });
        Assert.Equal(result.WholeCatalogue.Rows, result.Sampled.Rows);
        RankingResult alone = new RankingEvaluator(Data.Seen, Data.Test, [5, 10], Data.ItemInteractions, users: 30, seed: Options.Seed)
            .Evaluate(Oracle(0.6), 1, SilentProgress.Instance);
        Assert.Equal(alone["ndcg@10"], result.WholeCatalogue.Scorers[0].Metrics["ndcg@10"]!.Value);
    }

    [Fact]
    public void WithoutCandidatesOnlyTheCatalogueIsRanked()
    {
        EvaluationData data = Data with { TestCandidates = InteractionLists.FromRows(Data.Test.Count, [], []) };
        EvaluationResult result = Evaluator.Run(data, Logs.Baselines(data), Options, SilentProgress.Instance);
        Assert.Null(result.Sampled);
        Assert.Null(result.Classification);
    }

    [Fact]
    public void WithoutResamplesThereAreNoIntervals() =>
        Assert.All(Run(Oracle(0.6), Options with { BootstrapSamples = 0 }).WholeCatalogue.Scorers.SelectMany(scorer => scorer.Metrics.Values),
            metric => Assert.Null(metric!.Low));

    [Fact]
    public void AModelOfOtherDataIsRefused() =>
        Assert.Contains("scores 2 items, but the prepared data has 80",
            Assert.Throws<InvalidInputException>(() => Run(new PopularityScorer([1, 2]), Options)).Message);

    // Ten of the users lose their training rows: about them the model is as good as popularity, whatever it says.
    [Fact]
    public void NewUsersAreServedByPopularityAndMeasuredApart()
    {
        int[] kept = [.. Enumerable.Range(0, Data.Train.Count).Where(row => Data.Train.Users[row] >= 10)];
        T[] Of<T>(T[] column) => Array.ConvertAll(kept, row => column[row]);
        var train = new InteractionRows(Of(Data.Train.Users), Of(Data.Train.Items), Of(Data.Train.Timestamps));
        var data = new EvaluationData(Users, Data.ItemInteractions, train, Logs.Rows(), Data.Test, Data.TestCandidates);
        var served = new ServedScorer(
            Oracle(noise: 0), data.History, Array.ConvertAll(data.ItemPopularity, count => count / data.UserCount));
        NamedScorer[] scorers = [new("model", "the model", served, ScoresAreProbabilities: true), .. Logs.Baselines(data)];
        EvaluationResult result = Evaluator.Run(data, scorers, Options, SilentProgress.Instance);

        (ProtocolResult before, ProtocolResult unknown) = (result.ByPresence[0].Result, result.ByPresence[1].Result);
        Assert.Equal(result.WholeCatalogue.Users, before.Users + unknown.Users);
        Assert.Equal(Data.Test.Users.Distinct().Count(user => user < 10), unknown.Users);
        Assert.Equal(result.WholeCatalogue.Rows, before.Rows + unknown.Rows);
        Assert.Equal(1, before.Scorers[0].Metrics["ndcg@10"]!.Value, 12);
        Assert.Equal(unknown.Scorers[1].Metrics["ndcg@10"], unknown.Scorers[0].Metrics["ndcg@10"]);
        Assert.Empty(Run(Oracle(0.6), Options).ByPresence);
    }

    [Fact]
    public void WithoutTestRowsTheCureIsSaid()
    {
        EvaluationData data = Data with { Test = Logs.Rows(), TestCandidates = InteractionLists.FromRows(0, [], []) };
        Assert.Contains("Prepare:Holdout",
            Assert.Throws<InvalidInputException>(() => Evaluator.Run(data, Logs.Baselines(data), Options, SilentProgress.Instance)).Message);
    }
}
