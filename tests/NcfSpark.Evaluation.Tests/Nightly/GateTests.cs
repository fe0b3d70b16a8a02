using NcfSpark.Configuration;
using NcfSpark.Nightly;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Nightly;

public class GateTests
{
    private static readonly NightFigures Good = Figures(model: 0.10, popularity: (0.05, 0.03, 0.07), before: 0.10, difference: (0, -0.01, 0.01));

    [Fact]
    public void TheStrongestBaselineDecidesAndPopularityWhereThereIsNoOther()
    {
        NightFigures against = Good with { StrongestBaseline = new("ease", "EASE", new(0.11, null, null), new(-0.01, -0.03, 0.01)) };
        GateDecision decision = Gate.Decide(against, finite: true, production: null, 0.05);
        Assert.False(decision.Approved);
        Assert.Equal(
            "NDCG@10 0.1000 does not beat the 0.1100 of EASE, the strongest baseline (difference −0.0100, 95 % interval −0.0300 to +0.0100).", decision.Reason);
        Assert.Equal("popularity", Good.Baseline.Key);
    }

    [Fact]
    public void WhereBaselinesMayServeTheStrongestServesUnlessTheModelBeatsIt()
    {
        NightFigures against = Good with
        {
            StrongestBaseline = new("ease", "EASE", new(0.11, null, null), new(-0.01, -0.03, 0.01)), Incumbent = null, AgainstIncumbent = null,
        };
        GateDecision decision = Gate.Decide(against, finite: true, production: null, 0.05, BaselineWins.Serve);
        Assert.True(decision.Approved);
        Assert.True(decision.Figures.BaselineServes);
        Assert.Equal(0.11, decision.Figures.Served!.Value);
        Assert.Equal(
            "NDCG@10 0.1000 does not beat the 0.1100 of EASE, the strongest baseline (difference −0.0100, 95 % interval −0.0300 to +0.0100), "
                + "so EASE serves (Nightly:WhenBaselineWins); nothing was in production before.", decision.Reason);
        decision = Gate.Decide(Good, finite: true, production: null, 0.05, BaselineWins.Serve);
        Assert.True(decision.Approved);
        Assert.False(decision.Figures.BaselineServes);
        Assert.False(Gate.Decide(against, finite: false, production: null, 0.05, BaselineWins.Serve).Approved);
    }

    [Theory]
    [InlineData(-0.004, -0.003, true)]
    [InlineData(-0.006, -0.001, false)]
    [InlineData(-0.006, 0.001, true)]
    public void ABaselineThatServesIsHeldAgainstTheOneInProductionItself(double difference, double high, bool approved)
    {
        NightFigures against = Good with
        {
            StrongestBaseline = new("ease", "EASE", new(0.095, null, null), new(0.005, -0.03, 0.01)), BaselineAgainstIncumbent = new(difference, -0.02, high),
        };
        GateDecision decision = Gate.Decide(against, true, "2026-11-23", 0.05, BaselineWins.Serve);
        Assert.Equal(approved, decision.Approved);
        Assert.Contains("2026-11-23", decision.Reason, StringComparison.Ordinal);
        Assert.Contains(approved ? "which is not worse than" : "EASE, NDCG@10 0.0950, is worse than", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFirstNightHasToBeatTheBaselineAlone()
    {
        GateDecision decision = Gate.Decide(Good with { Incumbent = null, AgainstIncumbent = null }, finite: true, production: null, 0.05);
        Assert.True(decision.Approved);
        Assert.Equal("NDCG@10 0.1000 beats the 0.0500 of popularity, the strongest baseline; nothing was in production before.", decision.Reason);
    }

    [Theory]
    [InlineData(0.02, 0.001, true)]
    [InlineData(0.02, -0.001, false)] // it may be chance
    [InlineData(0.0, 0.0, false)]     // popularity itself
    public void PopularityIsBeatenWhereTheIntervalLiesAboveZero(double difference, double low, bool approved) =>
        Assert.Equal(approved, Gate.Decide(Good with { AgainstPopularity = new(difference, low, 0.05) }, true, "2026-11-23", 0.05).Approved);

    [Theory]
    [InlineData(-0.004, -0.003, true)] // certainly worse, by 4 %, and 5 are allowed
    [InlineData(-0.006, -0.001, false)]
    [InlineData(-0.006, 0.001, true)]  // by 6 %, which may be chance
    [InlineData(0.020, 0.030, true)]
    public void WorseThanTheOneInProductionIsWhatIsBeyondTheShareAndNoChance(double difference, double high, bool approved)
    {
        GateDecision decision = Gate.Decide(Good with { AgainstIncumbent = new(difference, -0.02, high) }, true, "2026-11-23", 0.05);
        Assert.Equal(approved, decision.Approved);
        Assert.Contains("2026-11-23", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("0.1000", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutIntervalsTheFiguresThemselvesDecide()
    {
        Assert.False(Gate.Decide(Good with { AgainstIncumbent = new(-0.006, null, null) }, true, "2026-11-23", 0.05).Approved);
        Assert.True(Gate.Decide(Good with { AgainstPopularity = new(0.001, null, null) }, true, "2026-11-23", 0.05).Approved);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(null)] // even where the gate is off
    public void WhatIsNotFiniteIsNeverServed(double? maxDrop)
    {
        Assert.False(Gate.Decide(Good, finite: false, null, maxDrop).Approved);
        Assert.False(Gate.Decide(Good with { Model = null }, finite: true, null, maxDrop).Approved);
    }

    [Fact]
    public void AnOpenGateLetsThroughWhatIsWorse() =>
        Assert.True(Gate.Decide(Figures(0.01, (-0.05, -0.06, -0.04), 0.1, (-0.09, -0.1, -0.08)), true, "2026-11-23", null).Approved);

    [Fact]
    public void ADecisionComesBackFromItsReport()
    {
        GateDecision decision = Gate.Decide(Good, true, "2026-11-23", 0.05);
        var report = new System.Text.Json.Nodes.JsonObject { [ReportJson.GateKey] = decision.ToJson() };
        Assert.Equal(decision, GateDecision.FromReport(System.Text.Json.Nodes.JsonNode.Parse(report.ToJsonString())!));
        Assert.Null(GateDecision.FromReport(new System.Text.Json.Nodes.JsonObject()));
    }

    private static NightFigures Figures(double model, (double, double, double) popularity, double before, (double, double, double) difference) => new(
        "ndcg@10", 100, new(model, null, null), new(model - popularity.Item1, null, null), new(before, null, null),
        new(popularity.Item1, popularity.Item2, popularity.Item3), new(difference.Item1, difference.Item2, difference.Item3));
}
