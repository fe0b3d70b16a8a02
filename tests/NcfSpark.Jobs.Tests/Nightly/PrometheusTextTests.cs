using System.Globalization;
using System.Text.RegularExpressions;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed partial class PrometheusTextTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EveryLineIsOfTheFormatAndEveryValueBelongsToTheFamilyBeforeIt()
    {
        Dictionary<string, double> values = Parse(Text("shop"));
        Assert.Equal(1, values["ncfspark_last_run_outcome{run=\"shop\",outcome=\"failed\"}"]);
        Assert.Equal(0, values["ncfspark_last_run_outcome{run=\"shop\",outcome=\"production\"}"]);
        Assert.Equal(2, values["ncfspark_nights{run=\"shop\",outcome=\"production\"}"]);
        Assert.Equal(0.1, values["ncfspark_quality{run=\"shop\",metric=\"ndcg@10\",of=\"production\"}"]);
        Assert.Equal(new DateTimeOffset(2026, 11, 24, 3, 35, 0, TimeSpan.Zero).ToUnixTimeSeconds(),
            values["ncfspark_last_run_timestamp_seconds{run=\"shop\"}"]);
        Assert.DoesNotContain(values.Keys, key => key.StartsWith("ncfspark_rows", StringComparison.Ordinal)); // the last night's data are not known
    }

    [Fact]
    public void AfterAFailureThatWasCorrectedTheLastRunIsGoodAgain()
    {
        RunNights nights = SampleNights.In(folder.Path);
        new NightLog(nights, TimeProvider.System).RecordPassedOver("2026-11-21", "there was nothing to do");
        Dictionary<string, double> values = Parse(PrometheusText.Of("shop", RunHistory.Read(nights), nights.Production));
        Assert.Equal(1, values["ncfspark_last_run_outcome{run=\"shop\",outcome=\"production\"}"]);
        Assert.Equal(0, values["ncfspark_last_run_outcome{run=\"shop\",outcome=\"failed\"}"]);
        int lines = RunHistory.Read(nights).Records.Count;
        new NightLog(nights, TimeProvider.System).RecordPassedOver("2026-11-21", "once more"); // told already
        Assert.Equal(lines, RunHistory.Read(nights).Records.Count);
    }

    [Theory]
    [InlineData("a \"quoted\" run")]
    [InlineData("back\\slash")]
    [InlineData("two\nlines")]
    public void ARunsNameCannotBreakTheFormat(string run) => Assert.NotEmpty(Parse(Text(run)));

    [Fact]
    public void WithoutNightsThereIsNothing() => Assert.Equal("", PrometheusText.Of("shop", RunHistory.Read(new RunNights(folder.Path)), null));

    private string Text(string run)
    {
        RunNights nights = SampleNights.In(folder.Path);
        return PrometheusText.Of(run, RunHistory.Read(nights), nights.Production);
    }

    // The text format 0.0.4 of Prometheus: HELP, TYPE and then the samples of a family, once each; the file ends with a line break and has no timestamps.
    private static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var values = new Dictionary<string, double>();
        var families = new HashSet<string>();
        (string help, string type) = ("", "");
        foreach (string line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } told) (help, type) = (told.Groups[1].Value, "");
            else if (Type().Match(line) is { Success: true } typed)
            {
                type = typed.Groups[1].Value;
                Assert.Equal(help, type);
                Assert.True(families.Add(type), $"{type} is there twice");
            }
            else
            {
                Match sample = Sample().Match(line);
                Assert.True(sample.Success, line);
                Assert.Equal(type, sample.Groups[1].Value);
                values.Add(sample.Groups[1].Value + sample.Groups[2].Value, double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture));
            }
        }

        return values;
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\\n]|\\\\|\\n)+$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) gauge$")]
    private static partial Regex Type();

    [GeneratedRegex(
        """^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\})"""
        + """ ([+-]?(?:\d+(?:\.\d+)?(?:E[+-]?\d+)?|Inf)|NaN)$""")]
    private static partial Regex Sample();
}
