using System.Text.Json.Nodes;
using System.Xml.Linq;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public sealed class ReportWriterTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-report-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void ThreeFilesAreWrittenAndReadByTheirFormats()
    {
        ReportWriter.Write(directory, SampleReport.Input);
        Assert.Equal(["network.svg", "page.json", "report.json"], Directory.GetFiles(directory).Select(Path.GetFileName).Order());
        Assert.Equal("sample", (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "report.json")))!["title"]);
        Assert.Equal("{http://www.w3.org/2000/svg}svg", XDocument.Load(Path.Combine(directory, "network.svg")).Root!.Name.ToString());
    }

    [Fact]
    public void TheSameInputGivesTheSameBytes()
    {
        string other = Path.Combine(directory, "other");
        Directory.CreateDirectory(other);
        ReportWriter.Write(directory, SampleReport.Input);
        ReportWriter.Write(other, SampleReport.Input);
        foreach (string name in new[] { "report.json", "page.json", "network.svg" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(directory, name)), File.ReadAllBytes(Path.Combine(other, name)));
        }
    }

    [Fact]
    public void ThePageDrawnFromTheFilesIsThatOfWhatWasReported()
    {
        ReportInput input = SampleReport.Input with { Caution = "careful", Served = "another", Model = SampleReport.Input.Model
            with { Curve = [new(1, double.NaN, null, null), new(2, 0.1, double.PositiveInfinity, 1.5)] } };
        foreach (ReportInput reported in new[] { SampleReport.Input, input, SampleReport.With("<b>\uD83D\uDE00\u2028\"") })
        {
            ReportWriter.Write(directory, reported);
            Assert.Equal(ReportPage.Of(reported), ReportWriter.Page(directory, new Dictionary<string, string>()));
        }
    }

    [Fact]
    public void TitlesThatComeLateAreShown()
    {
        ReportWriter.Write(directory, SampleReport.Input);
        string item = SampleReport.Input.Examples[0].Recommendations[0].Item;
        string late = ReportWriter.Page(directory, new Dictionary<string, string> { [item] = "A <late> title" });
        Assert.Contains("<bdi>A &lt;late&gt; title</bdi>", late, StringComparison.Ordinal);
        Assert.DoesNotContain($"<bdi>{item}</bdi>", late, StringComparison.Ordinal);
    }

    [Fact]
    public void ADrawingWithHostileNamesIsStillXml()
    {
        ReportWriter.Write(directory, SampleReport.With("<b>&\u0001\uD800]]>\""));
        XDocument drawing = XDocument.Load(Path.Combine(directory, "network.svg"));
        Assert.Contains("<b>&\uFFFD\uFFFD]]>\"", drawing.Root!.Value);
    }
}
