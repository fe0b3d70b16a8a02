using System.Text;

namespace NcfSpark.Evaluation.Reporting;

/// <summary>Writes the report's three files.</summary>
public static class ReportWriter
{
    public const string JsonName = "report.json", PageName = "report.html", NetworkName = "network.svg";

    /// <summary>Writes report.json (all figures), report.html (one page that needs nothing else) and network.svg (the network's drawing alone).</summary>
    /// <param name="directory">A directory that is there.</param>
    /// <param name="input">What to report.</param>
    public static void Write(string directory, ReportInput input)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        File.WriteAllText(Path.Combine(directory, JsonName), ReportJson.Of(input).ToJsonString(ReportJson.Options) + "\n", utf8);
        File.WriteAllText(Path.Combine(directory, PageName), ReportPage.Of(input), utf8);
        File.WriteAllText(Path.Combine(directory, NetworkName), NetworkDrawing.File(input.Model.Network), utf8);
    }
}
