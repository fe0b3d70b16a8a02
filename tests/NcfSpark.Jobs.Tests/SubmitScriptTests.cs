using System.Diagnostics;
using System.Runtime.Versioning;

namespace NcfSpark.Jobs.Tests;

/// <summary>submit.sh in a small tree of its own, with a stand-in for dotnet that notes what it is asked to build.</summary>
[SupportedOSPlatform("linux")]
public sealed class SubmitScriptTests : IDisposable
{
    private const string StandIn = """
        #!/bin/bash
        home=$(dirname "$(readlink -f "$0")")
        if [[ $1 == --list-sdks ]]; then echo "9.0.100 [/x]"; exit; fi
        if [[ $1 == build ]]; then
          echo "$2" >>"$home/built"
          for word in "${@:3}"; do [[ $word == -p:* ]] && echo "$word" >>"$home/built"; done
          sleep "${BUILD_SECONDS:-0}"
          if [[ -f $home/broken ]]; then echo "Program.cs(1,1): error CS0001: broken"; exit 1; fi
          mkdir -p "$2/bin/Release/net10.0"
          touch "$2/bin/Release/net10.0/ncfspark.dll" "$2/bin/Release/net10.0/NcfSpark.Benchmarks.dll"
          exit
        fi
        echo "in $PWD"
        for word; do echo "<$word>"; done
        exit 3
        """;

    private static readonly string[] Tools =
        ["bash", "env", "cat", "cmp", "cut", "dirname", "find", "flock", "ls", "mkdir", "mv", "readlink", "rm", "sleep", "sort", "touch"];

    private readonly TemporaryFolder folder = new();

    public SubmitScriptTests()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "bin")); // the only tools that it has: no real dotnet among them
        foreach (string tool in Tools) File.CreateSymbolicLink(Path.Combine(folder.Path, "bin", tool), $"/usr/bin/{tool}");
        foreach (string place in new[] { "src/A", "jobs/NcfSpark.Jobs", "tests/NcfSpark.Benchmarks", "build", "dotnet/sdk/10.0.401", "elsewhere" })
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, place));
        }

        foreach (string file in new[] { "a.props", "a.targets", "global.json", ".editorconfig", "BannedSymbols.txt", "src/A/A.cs", "jobs/NcfSpark.Jobs/Program.cs" }) folder.Write(file, "");
        folder.Write("dotnet/dotnet", StandIn.ReplaceLineEndings("\n"));
        // Places of the system where it would find a real SDK are taken out.
        folder.Write("submit.sh", File.ReadAllText(Repository.File("submit.sh")).Replace("/usr/share/dotnet", "/nowhere").Replace("/usr/lib/dotnet", "/nowhere"));
        foreach (string script in new[] { "submit.sh", "dotnet/dotnet" })
        {
            File.SetUnixFileMode(Path.Combine(folder.Path, script), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Dispose() => folder.Dispose();

    private string[] Built => File.Exists(Path.Combine(folder.Path, "dotnet/built")) ? File.ReadAllLines(Path.Combine(folder.Path, "dotnet/built")) : [];

    [Fact]
    public void ItBuildsOnceAndPassesAllThroughFromTheCallersFolder()
    {
        (int code, string output, string error) = Submit("train", "--set", "Model:MlpLayers=[16, 8]", "a  b", "", "*");
        string program = Path.Combine(folder.Path, "jobs/NcfSpark.Jobs/bin/Release/net10.0/ncfspark.dll");
        Assert.Equal(3, code);
        Assert.Equal($"in {folder.Path}/elsewhere\n<{program}>\n<train>\n<--set>\n<Model:MlpLayers=[16, 8]>\n<a  b>\n<>\n<*>\n", output);
        Assert.Equal("building (first time: about a minute) ...\n", error);
        Assert.Equal((3, ""), (Submit("train").Code, Submit("train").Error));
        Assert.Equal(["jobs/NcfSpark.Jobs"], Built);
    }

    [Theory]
    [InlineData("src/A/A.cs")]
    [InlineData("src/A/New.cs")]
    [InlineData("a.props")]
    [InlineData("jobs/NcfSpark.Jobs/report.html")]
    public void AChangedOrNewSourceIsBuilt(string source)
    {
        Submit("train");
        folder.Write(source, "changed");
        Assert.Equal("building ...\n", Submit("train").Error);
        Assert.Equal("", Submit("train").Error);
        Assert.Equal(2, Built.Length);
    }

    [Fact]
    public void ADeletedSourceIsBuilt()
    {
        Submit("train");
        File.Delete(Path.Combine(folder.Path, "src/A/A.cs"));
        Assert.Equal("building ...\n", Submit("train").Error);
    }

    [Fact]
    public void WhatABuildMakesAndWhatIsOnlyReadIsNoSource()
    {
        Submit("train");
        folder.Write("src/A/obj/made.cs", "");
        folder.Write("conf/mine.json", "");
        folder.Write("README.md", "");
        Assert.Equal("", Submit("train").Error);
    }

    [Fact]
    public void ABuildThatFailsShowsItsErrorsAndIsTriedAgain()
    {
        folder.Write("dotnet/broken", "");
        (int code, string output, string error) = Submit("train");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("error CS0001: broken", error, StringComparison.Ordinal);
        Assert.EndsWith("NcfSpark could not be built: the errors stand above.\n", error, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder.Path, "dotnet/broken"));
        Assert.Equal(3, Submit("train").Code);
    }

    [Fact]
    public async Task OfTwoStartedAtOnceOnlyOneBuilds()
    {
        (int Code, string Output, string Error)[] both = await Task.WhenAll(Task.Run(() => Submit("train")), Task.Run(() => Submit("score")));
        Assert.Equal([3, 3], both.Select(one => one.Code));
        Assert.Single(Built);
    }

    [Fact]
    public void BenchBuildsAndStartsTheBenchmarks()
    {
        (_, string output, _) = Submit("bench", "step", "--users", "5");
        Assert.Contains("/tests/NcfSpark.Benchmarks/bin/Release/net10.0/NcfSpark.Benchmarks.dll>\n<step>\n<--users>\n<5>\n", output, StringComparison.Ordinal);
        Assert.Equal(["tests/NcfSpark.Benchmarks"], Built);
    }

    [Fact]
    public void MicrosoftSparkIsBuiltInWhereItIsAskedFor()
    {
        Submit("prepare");
        Submit("prepare", "--engine", "microsoft-spark");
        Submit("prepare", "--engine=microsoft-spark");
        Assert.Equal(["jobs/NcfSpark.Jobs", "jobs/NcfSpark.Jobs", "-p:MicrosoftSpark=true"], Built);
    }

    [Fact]
    public void ItWorksThroughALink()
    {
        string link = Path.Combine(folder.Path, "elsewhere/ncf");
        File.CreateSymbolicLink(link, Path.Combine(folder.Path, "submit.sh"));
        Assert.Equal(3, Start(link, ["train"]).Code);
    }

    [Fact]
    public void AnOlderSdkIsNamedWithTheCure()
    {
        Directory.Move(Path.Combine(folder.Path, "dotnet/sdk/10.0.401"), Path.Combine(folder.Path, "dotnet/sdk/8.0.100"));
        (int code, _, string error) = Submit("train");
        Assert.Equal(1, code);
        Assert.StartsWith("NcfSpark needs the .NET SDK 10 or newer; here there is only 8.0.100", error, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(folder.Path, "dotnet/sdk"), recursive: true);
        Assert.Contains("only 9.0.100", Submit("train").Error, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder.Path, "dotnet/dotnet"));
        Assert.StartsWith("NcfSpark needs the .NET SDK 10 or newer, and there is none here.", Submit("train").Error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Submit(params string[] args) => Start(Path.Combine(folder.Path, "submit.sh"), args);

    private (int Code, string Output, string Error) Start(string script, string[] args)
    {
        var start = new ProcessStartInfo(script, args)
        {
            WorkingDirectory = Path.Combine(folder.Path, "elsewhere"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{Path.Combine(folder.Path, "dotnet")}:{Path.Combine(folder.Path, "bin")}";
        start.Environment["HOME"] = folder.Path;
        start.Environment["BUILD_SECONDS"] = "0.2";
        start.Environment.Remove("DOTNET_ROOT");
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
