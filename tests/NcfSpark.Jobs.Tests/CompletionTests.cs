using System.Diagnostics;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

/// <summary>What a Tab offers. The script is asked as bash asks it, in a folder with configurations and a run.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CompletionTests()
    {
        using var script = new StringWriter { NewLine = "\n" };
        CommandLine.Run(["completion", "bash"], (_, _) => ExitCode.Failed, SilentProgress.Instance, script, TextWriter.Null);
        folder.Write("script", script.ToString());
        folder.Write("conf/shop.json", "{}");
        folder.Write("conf/README.md", "");
        folder.Write("runs/shop/2026-11-24/night.json", "");
        folder.Write("runs/shop/2026-11-25-2/night.json", "");
        folder.Write("runs/other/2026-10-01/night.json", "");
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("./submit.sh tr", "train")]
    [InlineData("./submit.sh pro", "promote")]
    [InlineData("./submit.sh help worker", "worker-archive")]
    [InlineData("./submit.sh train --co", "--config", "--conf")]
    [InlineData("./submit.sh train --config ", "conf/shop.json")]
    [InlineData("./submit.sh train --config conf/shop.json --set Train:Ep", "Epochs=")] // bash replaces what follows the colon
    [InlineData("./submit.sh train -s Train:Server:Wire", "WirePrecision=")]
    [InlineData("./submit.sh prepare --engine s", "spark-connect")]
    [InlineData("./submit.sh settings Nigh", "Nightly")]
    [InlineData("./submit.sh completion ", "bash", "zsh", "--help")]
    [InlineData("./submit.sh status --run runs/s", "runs/shop")]
    [InlineData("./submit.sh promote --config conf/shop.json 2026", "2026-11-24", "2026-11-25-2")]
    [InlineData("./submit.sh promote --run runs/other 2", "2026-10-01")]
    [InlineData("./submit.sh nightly --input ")] // a file of any name: bash's own completion
    public void ATabOffers(string line, params string[] words) => Assert.Equal(words.Order(), Offered(line));

    [Fact]
    public void ASettingsNameOffersEverySetting() =>
        Assert.Equal(SettingKey.All.Select(key => $"{key}=").Order(), Offered("./submit.sh train --set "));

    private IEnumerable<string> Offered(string line)
    {
        string tab = $"source ./script; COMP_LINE='{line}'; COMP_POINT={line.Length}; _ncfspark 2>/dev/null; printf '%s\\n' \"${{COMPREPLY[@]}}\"";
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["--norc", "-c", $"COMP_WORDBREAKS=$' \\t\\n=:'; {tab}"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
        })!;
        string[] words = shell.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        shell.WaitForExit();
        return words.Order();
    }
}
