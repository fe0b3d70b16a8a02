using System.Diagnostics;
using System.Text.RegularExpressions;
using NcfSpark.Configuration;
using NcfSpark.Nightly;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

/// <summary>The pages as Chromium reads them: what it makes of the markup, and that it draws something. Skipped where there is none.</summary>
public sealed class BrowserTests : IDisposable
{
    private static readonly string? Chromium = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-browser-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [SkippableFact]
    public void ChromiumReadsTheNightsAsTheyAreMeant()
    {
        string page = NightsPage.Of(SampleNights.Input(directory));
        string read = Read(page);
        AssertWholeAndVisible(page, read);
        Assert.Contains("2026-11-24 failed; 2026-11-21 stays in production.", Text(read), StringComparison.Ordinal);
        Assert.Contains("All nights", Text(read), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void ChromiumReadsANightsReportAsItIsMeant()
    {
        var changes = new ListChanges("2026-11-20", [1, 0, 5], 0.75, 2, 1, [new ItemChange("Heat (1995)", 0.1, 0.2)], [new ItemChange("Speed & Co", 0.2, 0.1)]);
        string page = NightsPage.Report(ReportPage.Of(SampleReport.Input), SampleNights.Input(directory), changes);
        string read = Read(page);
        AssertWholeAndVisible(page, read);
        Assert.Contains("Heat (1995)", Text(read), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void ChromiumDrawsThePage()
    {
        string picture = Path.Combine(directory, "nights.png");
        Run(Write(NightsPage.Of(SampleNights.Input(directory))), "--window-size=1200,2000", $"--screenshot={picture}");
        byte[] png = File.ReadAllBytes(picture);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.True(png.Length > 50_000, $"{png.Length} bytes: an empty page of that size compresses to less than 20,000");
    }

    // A parser that had to mend the markup would have moved, closed or dropped elements.
    private static void AssertWholeAndVisible(string page, string read)
    {
        foreach (string element in new[] { "section", "table", "tr", "td", "th", "svg", "circle", "rect", "polyline", "figure", "a" })
        {
            Assert.Equal(Regex.Count(page, $"<{element}[ >]"), Regex.Count(read, $"<{element}[ >]"));
        }

        Assert.Equal(Words(page), Words(read));
    }

    private static string Words(string page) => Regex.Replace(Text(Regex.Replace(page, "(?s)^.*<body>|</body>.*$", "")), @"\s+", " ").Trim();

    private static string Text(string page) => System.Net.WebUtility.HtmlDecode(Regex.Replace(page, "<[^>]*>", ""));

    private string Read(string page) => Run(Write(page), "--dump-dom");

    private string Write(string page)
    {
        string path = Path.Combine(directory, "page.html");
        File.WriteAllText(path, page);
        return path;
    }

    private string Run(string path, params string[] what)
    {
        Skip.If(Chromium is null, "Needs Chromium: apt install chromium.");
        string[] arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            $"--user-data-dir={Path.Combine(directory, "profile")}", .. what, new Uri(path).AbsoluteUri];
        using Process process = Process.Start(new ProcessStartInfo(Chromium!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.GetAwaiter().GetResult());
        return output.GetAwaiter().GetResult();
    }
}
