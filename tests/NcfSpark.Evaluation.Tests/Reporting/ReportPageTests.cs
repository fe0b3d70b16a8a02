using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public partial class ReportPageTests
{
    private static readonly string[] Void = ["meta", "!DOCTYPE", "?xml"];

    private static readonly Lazy<string[]> PlainTags = new(() => Tags(SampleReport.Page(SampleReport.With("x"))));

    [Fact]
    public void MarkupInIdsTitlesAndSettingsStaysText()
    {
        const string Hostile = "<script>alert(\"1\")</script><img src=x onerror='alert(2)'>&amp;";
        string page = SampleReport.Page(SampleReport.With(Hostile));
        Assert.Single(Regex.Matches(page, "<script")); // the page's own
        Assert.DoesNotContain("<img", page);
        Assert.DoesNotContain("onerror='", page);
        Assert.Contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;", page);
        Assert.Contains("&amp;amp;", page);
        AssertNested(page);
    }

    [Property(MaxTest = 40)]
    public void WhateverTheTextTheTagsNest(NonNull<string> text)
    {
        string page = SampleReport.Page(SampleReport.With(text.Get.Length == 0 ? "x" : text.Get));
        AssertNested(page);
        Assert.Equal(PlainTags.Value, Tags(page));
    }

    [Fact]
    public void ACautionStandsUnderTheVerdictAndInTheJson()
    {
        ReportInput cautious = SampleReport.Input with { Caution = "these figures flatter <it>" };
        string page = SampleReport.Page(cautious);
        Assert.Contains("these figures flatter &lt;it&gt;", page);
        AssertNested(page);
        Assert.Equal("these figures flatter <it>", (string?)ReportJson.Of(cautious)["caution"]);
        Assert.DoesNotContain("role=\"note\"", SampleReport.Page(SampleReport.Input));
    }

    [Fact]
    public void ThePageNeedsNothingFromElsewhere()
    {
        string page = SampleReport.Page(SampleReport.Input);
        Assert.Single(Regex.Matches(page, "<script"));
        Assert.DoesNotContain("<script src", page);
        Assert.DoesNotContain("<link", page);
        Assert.DoesNotContain("@import", page);
        Assert.DoesNotContain("url(http", page);
        Assert.All(Address().Matches(page).Select(match => match.Value), address => Assert.Equal("http://www.w3.org/2000/svg", address));
    }

    [Fact]
    public void IdsAreUniqueAndEveryReferenceHasOne()
    {
        string page = SampleReport.Page(SampleReport.Input);
        string[] ids = [.. Id().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(Reference().Matches(page).SelectMany(match => match.Groups[1].Value.Split(' ')), reference => Assert.Contains(reference, ids));
    }

    [Fact]
    public void EveryChartSaysWhatItShowsAndEveryTableHasHeaders()
    {
        string page = SampleReport.Page(SampleReport.Input);
        int charts = Regex.Count(page, "<svg ");
        Assert.True(charts >= 10);
        Assert.Equal(charts, Regex.Count(page, "<svg [^>]*role=\"img\" aria-labelledby="));
        Assert.Equal(charts, Regex.Count(page, "<desc "));
        Assert.Equal(Regex.Count(page, "<table"), Regex.Count(page, "<thead"));
        Assert.Equal(Regex.Count(page, "<table"), Regex.Count(page, "<caption"));
    }

    [Fact]
    public void EverySectionIsThere()
    {
        string page = SampleReport.Page(SampleReport.Input);
        foreach (string id in new[] { "catalogue", "history", "sampled", "classification", "training", "network", "data",
            "examples", "configuration", "words" })
        {
            Assert.Contains($"<section id=\"{id}\"", page);
        }

        Assert.Contains("item-item cosine", page);
    }

    [Fact]
    public void NoCoordinateIsMissing()
    {
        string page = SampleReport.Page(SampleReport.Input);
        Assert.DoesNotContain("NaN", page);
        Assert.DoesNotContain("∞", page);
    }

    [Fact]
    public void WhatWasNotMeasuredHasNoSection()
    {
        ReportInput input = SampleReport.Input;
        string page = SampleReport.Page(input with
        {
            Evaluation = input.Evaluation with { Sampled = null, Classification = null, ByHistory = [] },
            Model = new ModelReport([], [], null),
            Examples = [],
            Configuration = [],
        });
        foreach (string id in new[] { "history", "sampled", "classification", "training", "network", "examples", "configuration" })
        {
            Assert.DoesNotContain($"id=\"{id}\"", page);
        }

        AssertNested(page);
    }

    [Fact]
    public void ALossThatIsNoNumberLeavesThePageWhole()
    {
        ReportInput input = SampleReport.Input;
        string page = SampleReport.Page(
            input with { Model = input.Model with { Curve = [new(1, double.NaN, null, null), new(2, double.PositiveInfinity, null, null)] } });
        AssertNested(page);
        Assert.DoesNotContain("NaN", page);
    }

    [Fact]
    public void TheTimeIsToldOnlyWhereItIsGiven()
    {
        Assert.Equal(SampleReport.Page(SampleReport.Input), SampleReport.Page(SampleReport.Input));
        Assert.Contains("on 2026-01-02 03:04 UTC",
            SampleReport.Page(SampleReport.Input with { Made = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) }));
    }

    private static string[] Tags(string page) => [.. Tag().Matches(page).Select(match => match.Groups[1].Value + match.Groups[2].Value)];

    private static void AssertNested(string page)
    {
        var open = new Stack<string>();
        foreach (Match tag in Tag().Matches(page))
        {
            string name = tag.Groups[2].Value;
            if (Void.Contains(name) || tag.Value.EndsWith("/>", StringComparison.Ordinal)) continue;
            if (tag.Groups[1].Length == 0) open.Push(name);
            else Assert.Equal(open.Pop(), name);
        }

        Assert.Empty(open);
        Assert.DoesNotMatch(new Regex("<(?![/!?a-zA-Z])"), page);
    }

    [GeneratedRegex("<(/?)([!?a-zA-Z][a-zA-Z0-9]*)(?:[^>\"]|\"[^\"]*\")*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"https?://[^""'\s<)]*")]
    private static partial Regex Address();

    [GeneratedRegex(@"\sid=""([^""]*)""")]
    private static partial Regex Id();

    [GeneratedRegex(@"aria-labelledby=""([^""]*)""")]
    private static partial Regex Reference();
}
