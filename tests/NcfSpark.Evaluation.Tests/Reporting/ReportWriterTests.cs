using System.Text.Json.Nodes;
using System.Xml.Linq;
using NcfSpark.Evaluation.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public sealed class ReportWriterTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-report-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void ThreeFilesAreWrittenAndReadByTheirFormats()
    {
        ReportWriter.Write(directory, SampleReport.Input);
        Assert.Equal(["network.svg", "report.html", "report.json"], Directory.GetFiles(directory).Select(Path.GetFileName).Order());
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
        foreach (string name in new[] { "report.json", "report.html", "network.svg" }) Assert.Equal(File.ReadAllBytes(Path.Combine(directory, name)), File.ReadAllBytes(Path.Combine(other, name)));
    }

    [Fact]
    public void ADrawingWithHostileNamesIsStillXml()
    {
        ReportWriter.Write(directory, SampleReport.With("<b>&\u0001\uD800]]>\""));
        XDocument drawing = XDocument.Load(Path.Combine(directory, "network.svg"));
        Assert.Contains("<b>&\uFFFD\uFFFD]]>\"", drawing.Root!.Value);
    }
}
