using System.Diagnostics;
using NcfSpark.Configuration;

namespace NcfSpark.Jobs.Tests;

/// <summary>The program as a user runs it: `dotnet ncfspark.dll …`, in a folder of its own.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void HelpIsDone()
    {
        (int code, string output, string error) = Run("--help");
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("NcfSpark turns a log of interactions", output, StringComparison.Ordinal);
        Assert.Equal(0, Run("train", "--help").Code);
    }

    [Fact]
    public void VersionIsOneLine()
    {
        string output = Run("--version").Output;
        Assert.Matches(@"^ncfspark \d+\.\d+\.\d+\S*\n$", output);
        Assert.Equal(output, Run("version").Output);
    }

    [Fact]
    public void NoVerbGetsHelpAndAnUnknownOneALineAndExitCode2()
    {
        (int code, string output, string error) = Run();
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("Verbs, in order", error, StringComparison.Ordinal);
        Assert.Equal((2, "", "trian is no verb; did you mean train?\n"), Run("trian"));
    }

    [Fact]
    public void AFaultyConfigurationIsExitCode2AndChangesNothing()
    {
        string config = folder.Write("mine.json", """{ "Train": { "Epoch": 3, "BatchSize": 0 } }""");
        (int code, string output, string error) = Run("train", "--config", config);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("did you mean Train:Epochs?", error, StringComparison.Ordinal);
        Assert.Contains("Train:BatchSize: 0 is not between 1 and 1000000", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal([config], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void AMissingConfigurationIsExitCode2() => Assert.Equal(2, Run("nightly", "--config", "conf/none.json").Code);

    [Fact]
    public void TheEnvironmentIsHeard()
    {
        (int code, _, string error) = Run(["train", "--config", Repository.File("conf/ml-latest-small.json")], ("NCFSPARK_Train__Epochs", "x"));
        Assert.Equal((2, "Train:Epochs: \"x\" is no whole number (environment variable NCFSPARK_Train__Epochs)\n"), (code, error));
    }

    [Fact]
    public void ARunDirectoryThatCannotBeMadeIsExitCode2()
    {
        folder.Write("file", "");
        (int code, _, string error) = Run("train", "--config", Repository.File("conf/ml-latest-small.json"), "--run", "file/run");
        Assert.Equal(2, code);
        Assert.StartsWith("file/run cannot be written: ", error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Run(params string[] args) => Run(args, ("LC_ALL", "C"));

    private (int Code, string Output, string Error) Run(string[] args, (string Name, string Value) variable)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), .. args])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[variable.Name] = variable.Value;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.ReplaceLineEndings("\n"), error.GetAwaiter().GetResult().ReplaceLineEndings("\n"));
    }
}
