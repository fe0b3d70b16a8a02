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
        string page = NightsPage.Of(SampleNights.Input(directory));
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
        foreach (string page in new[] { NightsPage.Of(input), NightsPage.Report(ReportPage.Of(SampleReport.With(Hostile)), input, changes) })
        {
            Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
            Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ANightsReportKeepsItsSectionsAndGainsTheNightsAndWhatChanged()
    {
        string report = ReportPage.Of(SampleReport.Input);
        string page = NightsPage.Report(
            report, SampleNights.Input(directory), new ListChanges("2026-11-20", [1, 0, 5], 0.75, 2, 1, [new ItemChange("Heat", 0.1, 0.2)], []));
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
        "id=\"changes\"", NightsPage.Report(ReportPage.Of(SampleReport.Input), SampleNights.Input(directory), null), StringComparison.Ordinal);
}
