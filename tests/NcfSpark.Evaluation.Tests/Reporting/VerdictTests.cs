using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class VerdictTests
{
    private static ScorerMetrics Scorer(string title, double value, double? low, double? high) =>
        new(title, title, new() { ["ndcg@10"] = new MetricInterval(value, low, high) });

    private static Verdict Of(double? half, params double[] baselines)
    {
        string[] titles = ["popularity", "item-item cosine"];
        ScorerMetrics[] scorers = [Scorer("NeuMF", 0.1, 0.1 - half, 0.1 + half),
            .. baselines.Select((value, b) => Scorer(titles[b], value, value - half, value + half))];
        ScorerMetrics[] differences = [.. baselines.Select((value, b) => Scorer(titles[b], 0.1 - value, 0.1 - value - half, 0.1 - value + half))];
        return Verdict.Of(new EvaluationResult(new ProtocolResult(1000, 5000, 0, scorers, differences), null, null), [5, 10]);
    }

    [Fact]
    public void BeatingAllIsSaidPlainlyAndByHowMuch()
    {
        Verdict verdict = Of(0.01, 0.04, 0.08);
        Assert.Equal("better", verdict.Outcome);
        Assert.Equal("NeuMF beats popularity and item-item cosine.", verdict.Sentence);
        Assert.Contains("NDCG@10 0.1000 (95 % interval 0.0900 to 0.1100) over 1,000 users", verdict.Detail);
        Assert.Contains("item-item cosine, reaches 0.0800: a difference of +0.0200 (95 % interval +0.0100 to +0.0300), 25 % more.", verdict.Detail);
    }

    [Fact]
    public void FallingBehindIsNotHidden()
    {
        Verdict verdict = Of(0.01, 0.04, 0.15);
        Assert.Equal("worse", verdict.Outcome);
        Assert.Equal("NeuMF beats popularity, but falls behind item-item cosine.", verdict.Sentence);
        Assert.Contains("a difference of −0.0500", verdict.Detail);
        Assert.Contains("33 % less", verdict.Detail);
    }

    [Fact]
    public void ADifferenceWithinChanceDecidesNothing()
    {
        Verdict verdict = Of(0.01, 0.04, 0.095);
        Assert.Equal("undecided", verdict.Outcome);
        Assert.Equal("NeuMF beats popularity, but cannot be told apart from item-item cosine.", verdict.Sentence);
        Assert.Contains("which holds 0", verdict.Detail);
    }

    [Fact]
    public void WithoutIntervalsTheValuesDecide()
    {
        Verdict verdict = Of(null, 0.04, 0.08);
        Assert.Equal("better", verdict.Outcome);
        Assert.DoesNotContain("interval", verdict.Detail);
    }

    [Fact]
    public void WithoutBaselinesNothingIsClaimed() => Assert.Equal("NeuMF was compared with no baseline.", Of(0.01).Sentence);

    [Fact]
    public void ABaselineAtZeroGivesNoPercentage() => Assert.DoesNotContain(" % more", Of(0.01, 0.0).Detail);
}
