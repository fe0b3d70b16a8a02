using FsCheck.Xunit;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests;

/// <summary>Figures of lists that were shown, by hand and by their laws.</summary>
public sealed class ShownMeasureTests
{
    private static readonly EvaluateOptions Options = new() { BootstrapSamples = 200 };

    [Fact]
    public void FiguresByHand()
    {
        ShownItem[] shown =
        [
            Row("u", "a", 1, clicked: true, 0.5), Row("u", "b", 2, clicked: false, 0.25), Row("v", "a", 1, clicked: false, 0.5),
            Row("v", "c", 2, clicked: true, 0.25),
        ];
        var figures = ShownMeasure.Of(shown, item => item.User == "u", Options).ToDictionary(one => (one.Of, one.Metric));
        Assert.Equal(0.5, figures[("all", "ctr")].Value);
        Assert.Equal(1, figures[("all", "hit rate")].Value);
        Assert.Equal(0.5, figures[("rank 1", "ctr")].Value);
        Assert.Equal(2 / 4.0, figures[("all", "ips")].Value);
        Assert.Equal(2 / 6.0, figures[("all", "snips")].Value);
        Assert.Null(figures[("all", "snips")].Low); // a resample without u has nothing to average
        Assert.InRange(figures[("all", "ctr")].Low!.Value, 0, 0.5);
    }

    /// <summary>Where all were certain to be shown, and stand in the run's lists, both estimates are the CTR itself, in whatever order the rows are.</summary>
    [Property(MaxTest = 50)]
    public void EstimatesOfTheListsThatWereShownAreTheirCtr(bool[] clicks)
    {
        if (clicks.Length == 0) return;
        ShownItem[] shown = [.. clicks.Select((clicked, at) => Row($"u{at % 5}", $"i{at}", at % 3 + 1, clicked, 1))];
        var figures = ShownMeasure.Of(shown, _ => true, Options);
        Assert.Equal(figures, ShownMeasure.Of([.. shown.Reverse()], _ => true, Options));
        foreach (string metric in new[] { "ctr", "ips", "snips" })
        {
            ShownFigure figure = figures.Single(one => one.Of == "all" && one.Metric == metric);
            Assert.Equal(clicks.Count(one => one) / (double)clicks.Length, figure.Value!.Value, 12);
            Assert.InRange(figure.Value.Value, figure.Low!.Value - 1e-12, figure.High!.Value + 1e-12);
        }
    }

    /// <summary>Lists of 2 of 4 items by chance; item i is clicked with probability i / 10. The estimates find the CTR of the list of the best two, 0.35.</summary>
    [Fact]
    public void EstimatesFindTheCtrOfOtherLists()
    {
        Core.RandomStream stream = Core.RandomStream.Named(1, "shown");
        var shown = new List<ShownItem>();
        for (int user = 0; user < 20_000; user++)
        {
            int[] items = [1, 2, 3, 4];
            Core.RandomStream.Named(user, "list").Shuffle(items.AsSpan());
            for (int rank = 1; rank <= 2; rank++)
            {
                shown.Add(Row($"{user}", $"{items[rank - 1]}", rank, stream.Below(2L * user + rank, 10) < items[rank - 1], 0.5));
            }
        }

        var figures = ShownMeasure.Of(shown, item => item.Item is "3" or "4", Options);
        Assert.Equal(0.25, figures.Single(one => one.Of == "all" && one.Metric == "ctr").Value!.Value, 0.01);
        foreach (string metric in new[] { "ips", "snips" }) Assert.Equal(0.35, figures.Single(one => one.Metric == metric).Value!.Value, 0.015);
    }

    [Fact]
    public void VariantsStandSideBySideWithTheirDifference()
    {
        ShownItem[] shown =
        [
            .. Enumerable.Range(0, 400).Select(user => Row($"{user}", "a", 1, clicked: user % 4 < 2, null) with { Variant = $"v{user % 2}" }),
        ];
        var figures = ShownMeasure.Of(shown, isIn: null, Options);
        (ShownFigure a, ShownFigure b, ShownFigure difference) = (Ctr("v0"), Ctr("v1"), Ctr("v1 - v0"));
        Assert.Equal((0.5, 0.5, 0.0), (a.Value, b.Value, difference.Value));
        Assert.True(difference.Low < 0 && difference.High > 0);
        Assert.DoesNotContain(figures, one => one.Metric == "ips");
        Assert.StartsWith("Variant", ShownReport.Lines(figures).First(), StringComparison.Ordinal);

        ShownFigure Ctr(string variant) => figures.Single(one => one.Variant == variant && one.Of == "all" && one.Metric == "ctr");
    }

    private static ShownItem Row(string user, string item, int rank, bool clicked, double? propensity) =>
        new(user, item, "", rank, clicked, propensity, "", "");
}
