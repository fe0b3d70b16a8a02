using System.Text.RegularExpressions;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public sealed class NightsPageTests : IDisposable
{
    private const string Hostile = "<script>alert(\"1\")</script>&'";

    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-nights-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void EveryNightHasARowWithItsOutcomeAndTheOneInProductionIsMarked()
    {
        string page = NightsPage.Of(SampleNights.Input(directory));
        Assert.Equal(5, Regex.Count(page, "<tr><th scope=\"row\">"));
        Assert.Single(Regex.Matches(page, "class=\"serving\""));
        Assert.Contains("<a href=\"2026-11-21/report.html\">2026-11-21</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"2026-11-23/report.html\"", page, StringComparison.Ordinal); // it has no report
        Assert.Contains("2026-11-23 was stopped by its data; 2026-11-21 stays in production",
            NightWords.Sentence(SampleNights.Until(directory, 4), "2026-11-21"), StringComparison.Ordinal);
    }

    [Fact]
    public void ChartsAreWhereThereIsSomethingToShow()
    {
        string page = SampleReport.WithoutScript(NightsPage.Of(SampleNights.Input(directory)));
        foreach (string chart in new[] { "metric", "interactions", "users", "items", "drift", "times" })
        {
            Assert.Contains($"id=\"nights-{chart}-title\"", page, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        Assert.Equal(Regex.Count(page, "<svg "), Regex.Count(page, "<desc "));
    }

    [Fact]
    public void WithoutNightsThereIsAPageThatSaysSo()
    {
        string page = NightsPage.Of(new NightsInput { Title = "shop", History = RunHistory.Read(new RunNights(directory)) });
        Assert.Contains("There were no nights yet", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatComesFromOutsideStaysText()
    {
        NightsInput input = SampleNights.Input(directory, reason: Hostile) with { Title = Hostile };
        var changes = new ListChanges("2026-11-20", [1, 2], 0.5, 0, 0, [new ItemChange(Hostile, 0, 1)], []);
        string nights = NightsPage.Of(input), report = ReportPage.Of(SampleReport.With(Hostile), NightsPage.ForReport(input, "2026-11-21", changes));
        foreach ((string page, int scripts) in new[] { (nights, 2), (report, 1) }) // the pages' own, and the figures of the nights
        {
            Assert.Equal(scripts, Regex.Count(page, "<script"));
            Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ANightsReportKeepsItsSectionsAndGainsTheNightsAndWhatChanged()
    {
        string report = ReportPage.Of(SampleReport.Input);
        var changes = new ListChanges("2026-11-20", [1, 0, 5], 0.75, 2, 1, [new ItemChange("Heat", 0.1, 0.2)], []);
        string page = ReportPage.Of(SampleReport.Input, NightsPage.ForReport(SampleNights.Input(directory), "2026-11-21", changes));
        foreach (Match section in Regex.Matches(report, "<section id=\"([a-z]+)\"")) Assert.Contains(section.Value, page, StringComparison.Ordinal);
        Assert.Contains("<section id=\"changes\"", page, StringComparison.Ordinal);
        Assert.Contains("<section id=\"nights\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"../nights.html\"", page, StringComparison.Ordinal);
        Assert.Contains("Heat", page, StringComparison.Ordinal);
        string[] ids = [.. Regex.Matches(page, "\\sid=\"([^\"]*)\"").Select(match => match.Groups[1].Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(Regex.Matches(page, "href=\"#([^\"]*)\"").Select(match => match.Groups[1].Value), target => Assert.Contains(target, ids));
    }

    [Fact]
    public void TheFirstNightHasNothingToCompareWith() => Assert.DoesNotContain(
        "id=\"changes\"",
        ReportPage.Of(SampleReport.Input, NightsPage.ForReport(SampleNights.Input(directory), "2026-11-20", null)),
        StringComparison.Ordinal);

    // In production: green; refused or otherwise not there: red; no baseline beaten: amber, also in production. The word says the same as the colour.
    [Theory]
    [InlineData("2026-11-21", true, "better", "Went into production on 2026-11-21 03:35 UTC")]
    [InlineData("2026-11-21", false, "unsure", "Went into production on 2026-11-21 03:35 UTC, but no baseline beaten")]
    [InlineData("2026-11-22", true, "worse", "Refused by the gate")]
    [InlineData("2026-11-22", false, "worse", "Refused by the gate")]
    [InlineData("2026-11-24", true, "worse", "Did not go into production: failed")]
    [InlineData("2026-11-25", true, "measured", "Measured by hand")]
    [InlineData(null, true, "measured", "Measured")]
    [InlineData(null, false, "unsure", "No baseline beaten")]
    public void TheVerdictOfProductionStandsFirstInItsColour(string? night, bool beatsABaseline, string look, string state)
    {
        ReportInput input = SampleReport.Input;
        MetricInterval difference = beatsABaseline ? new(0.1, 0.05, 0.15) : new(-0.1, -0.15, -0.05);
        ProtocolResult catalogue = input.Evaluation.WholeCatalogue;
        ScorerMetrics With(ScorerMetrics scorer) =>
            scorer with { Metrics = new OrderedDictionary<string, MetricInterval?>(scorer.Metrics) { ["ndcg@10"] = difference } };
        catalogue = catalogue with { Differences = [.. catalogue.Differences.Select(With)] };
        input = input with { Evaluation = input.Evaluation with { WholeCatalogue = catalogue } };
        string page = ReportPage.Of(input, night is null ? null : NightsPage.ForReport(SampleNights.Input(directory), night, null));
        Assert.Contains($"<div class=\"verdict {look}\"><p class=\"state\">{state}</p><strong>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void BeatingOnlyTheModelInProductionBeatsNoBaseline()
    {
        ProtocolResult catalogue = SampleReport.WithProduction.Evaluation.WholeCatalogue;
        ScorerMetrics With(ScorerMetrics scorer, double by) =>
            scorer with { Metrics = new OrderedDictionary<string, MetricInterval?>(scorer.Metrics) { ["ndcg@10"] = new(by, by, by) } };
        Verdict Of(double thanProduction, double thanBaselines) => Verdict.Of(
            SampleReport.Input.Evaluation with
            {
                WholeCatalogue = catalogue with
                {
                    Differences = [.. catalogue.Differences.Select(one => With(one, one.Key == Verdict.IncumbentKey ? thanProduction : thanBaselines))],
                },
            },
            [10]);
        Assert.False(Of(0.1, -0.1).BeatsABaseline);
        Assert.True(Of(-0.1, 0.1).BeatsABaseline);
    }
}
