using System.Diagnostics;
using System.Runtime.Versioning;
using NcfSpark.Configuration;

namespace NcfSpark.Jobs.Tests;

/// <summary>submit.sh in a small tree of its own, with a stand-in for dotnet. The program that it builds is the text of A.cs.</summary>
[SupportedOSPlatform("linux")]
public sealed class SubmitScriptTests : IDisposable
{
    private const string FirstBuild = "building; the first time it downloads packages (300 MB) and takes minutes ...\n";

    private static readonly string[] Tools =
        ["bash", "cat", "cp", "cut", "dirname", "env", "find", "flock", "grep", "ls", "mkdir", "mktemp", "mv", "readlink", "rm",
            "sha256sum", "sleep", "sort", "xargs"];

    private readonly TemporaryFolder folder = new();

    public SubmitScriptTests()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "bin")); // the only tools that it has: no real dotnet among them
        foreach (string tool in Tools) File.CreateSymbolicLink(Path.Combine(folder.Path, "bin", tool), $"/usr/bin/{tool}");
        foreach (string place in new[] { "src/A", "jobs/NcfSpark.Jobs", "tests/NcfSpark.Benchmarks", "build", "dotnet/sdk/10.0.401", "elsewhere" })
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, place));
        }

        foreach (string file in new[] { "a.props", "a.targets", "global.json", ".editorconfig", "BannedSymbols.txt", "src/A/A.cs",
            "jobs/NcfSpark.Jobs/Program.cs" })
        {
            folder.Write(file, "");
        }

        folder.Write("dotnet/dotnet", DotnetStandIn.Script.ReplaceLineEndings("\n"));
        // Places of the system where it would find a real SDK are taken out.
        folder.Write("submit.sh", File.ReadAllText(Repository.File("submit.sh")).Replace("/usr/share/dotnet", "/nowhere")
            .Replace("/usr/lib/dotnet", "/nowhere"));
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
        string program = ProgramIn(output);
        Assert.StartsWith(Path.Combine(folder.Path, "obj/builds/ncfspark.plain/"), program, StringComparison.Ordinal);
        Assert.Equal(3, code);
        Assert.Equal($"in {folder.Path}/elsewhere\n<{program}>\n<train>\n<--set>\n<Model:MlpLayers=[16, 8]>\n<a  b>\n<>\n<*>\n", output);
        Assert.Equal(FirstBuild, error);
        Assert.Equal((3, ""), (Submit("train").Code, Submit("train").Error));
        Assert.Equal(["jobs/NcfSpark.Jobs"], Built);
    }

    [Fact]
    public void TheFirstBuildSaysWhatItDoesAndNothingOfItIsOutput()
    {
        folder.Write("dotnet/steps", """
              Determining projects to restore...
                 GET https://packages.example/flat/torchsharp/0.107.0/torchsharp.0.107.0.nupkg
                 OK https://packages.example/flat/torchsharp/0.107.0/torchsharp.0.107.0.nupkg 512ms
              NcfSpark.Core -> /x/obj/builds/work/bin/NcfSpark.Core/release/NcfSpark.Core.dll

            """.ReplaceLineEndings("\n"));
        (_, string output, string error) = Submit("train");
        Assert.Equal($"{FirstBuild}  downloading torchsharp.0.107.0\n  compiled NcfSpark.Core\n", error);
        Assert.DoesNotContain("compiled", output, StringComparison.Ordinal);
        folder.Write("src/A/A.cs", "changed");
        Assert.Equal("building ...\n", Submit("train").Error);
        Assert.False(File.Exists(Path.Combine(folder.Path, "obj/builds/steps")));
    }

    [Theory]
    [InlineData("help")]
    [InlineData("--help")]
    [InlineData("-h")]
    public void TheHelpOfEverythingNeedsNoBuild(string word)
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "jobs/NcfSpark.Jobs/Texts"));
        File.Copy(Repository.File("jobs/NcfSpark.Jobs/Texts/help.txt"), Path.Combine(folder.Path, "jobs/NcfSpark.Jobs/Texts/help.txt"));
        Assert.Equal((0, File.ReadAllText(Repository.File("jobs/NcfSpark.Jobs/Texts/help.txt")), ""), Submit(word));
        Assert.Empty(Built);
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

    [Theory]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full 2>/dev/full")]
    public void ClosedAndFullDescriptorsStopNothing(string redirections)
    {
        folder.Write("dotnet/dotnet", DotnetStandIn.Script.Replace("exit 3", "ls -l /proc/self/fd >\"$home/descriptors\"; exit 3", StringComparison.Ordinal)
            .ReplaceLineEndings("\n"));
        folder.Write("start", $"#!/usr/bin/env bash\n\"{folder.Path}/submit.sh\" train {redirections}\n");
        File.SetUnixFileMode(Path.Combine(folder.Path, "start"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal((3, "", ""), Start(Path.Combine(folder.Path, "start"), []));
        Assert.Single(Built);
        string[] open = File.ReadAllLines(Path.Combine(folder.Path, "dotnet/descriptors"));
        Assert.Contains(open, line => line.Contains(" 2 -> /dev/", StringComparison.Ordinal)); // and no file of the program
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
        Assert.EndsWith("/NcfSpark.Benchmarks.dll>\n<step>\n<--users>\n<5>\n", output, StringComparison.Ordinal);
        Assert.Equal(["tests/NcfSpark.Benchmarks"], Built);
    }

    [Fact]
    public void MicrosoftSparkIsBuiltInWhereItIsAskedForAndOnceForEachVersion()
    {
        string plain = ProgramIn(Submit("prepare").Output);
        string builtIn = ProgramIn(Submit("prepare", "--engine", "microsoft-spark").Output);
        Assert.Equal(builtIn, ProgramIn(Submit("prepare", "--engine=microsoft-spark").Output));
        Assert.Equal(builtIn, ProgramIn(Submit(("DOTNETBACKEND_PORT", "4000"), "prepare").Output)); // spark-submit started it
        Assert.Equal(plain, ProgramIn(Submit("prepare").Output));
        string newer = ProgramIn(Submit(("NCFSPARK_MICROSOFT_SPARK_VERSION", "2.4.0"), "prepare", "--engine", "microsoft-spark").Output);
        Assert.Equal(builtIn, ProgramIn(Submit("prepare", "--engine", "microsoft-spark").Output));
        Assert.Equal(3, new[] { plain, builtIn, newer }.Distinct().Count());
        Assert.Equal(["jobs/NcfSpark.Jobs", "jobs/NcfSpark.Jobs", "-p:MicrosoftSpark=true", "jobs/NcfSpark.Jobs", "-p:MicrosoftSpark=true",
            "-p:MicrosoftSparkVersion=2.4.0"], Built);
    }

    [Fact]
    public void AVersionThatIsNoneIsRefused()
    {
        (int code, _, string error) = Submit(("NCFSPARK_MICROSOFT_SPARK_VERSION", "2.3.1;x"), "prepare", "--engine", "microsoft-spark");
        Assert.Equal((2, "NCFSPARK_MICROSOFT_SPARK_VERSION is \"2.3.1;x\", which is no version of the package Microsoft.Spark, such as 2.3.1.\n"),
            (code, error));
        Assert.Empty(Built);
    }

    [Fact]
    public void WhatIsBuiltChangesNoFileOfAProgramThatRuns()
    {
        Write("first");
        using Running night = Run("nightly");
        Dictionary<string, string> before = Files(night.Program);
        Submit("prepare", "--engine", "microsoft-spark");
        Submit("bench", "step");
        Write("second");
        Assert.Equal("second", File.ReadAllText(ProgramIn(Submit("status").Output)));
        Submit("prepare", "--engine", "microsoft-spark");
        Assert.Equal(before, Files(night.Program));
        Assert.Equal("first", before[Path.GetFileName(night.Program)]);
        Assert.Equal(3, night.End());
    }

    [Fact]
    public void ABuildIsRemovedWhenAnotherIsMadeAndNobodyRunsIt()
    {
        Write("first");
        string idle = ProgramIn(Submit("train").Output), other = ProgramIn(Submit("bench", "step").Output);
        Write("second");
        using Running night = Run("nightly");
        Assert.Equal((false, true, true), (File.Exists(idle), File.Exists(other), File.Exists(night.Program)));
        Write("third");
        Submit("train");
        Assert.True(File.Exists(night.Program));
        night.End();
        Write("fourth");
        string last = ProgramIn(Submit("train").Output);
        Assert.Equal([Path.GetDirectoryName(last)!], Directory.GetDirectories(Path.Combine(folder.Path, "obj/builds/ncfspark.plain")));
    }

    [Fact]
    public void AProcessThatTheProgramStartedHoldsTheBuildToo()
    {
        Write("first");
        string hold = folder.Write("hold", ""), program = ProgramIn(Submit(("HOLD", hold), "leaves-a-worker").Output);
        Write("second");
        Submit("train");
        Assert.True(File.Exists(program));
        File.Delete(hold);
    }

    [Fact]
    public void ABuildThatIsKilledIsNotTakenForWhole()
    {
        Write("first");
        folder.Write("dotnet/killed", "");
        (int code, _, string error) = Submit("train");
        Assert.Equal(1, code);
        Assert.EndsWith("was ended by signal 9 (9: out of memory?). Give the same command again.\n", error, StringComparison.Ordinal);
        Assert.Equal("first", File.ReadAllText(ProgramIn(Submit("train").Output)));
    }

    [Fact]
    public void WhoStartsWhileAKilledScriptsBuildGoesOnBuildsElsewhere()
    {
        Write("first");
        folder.Write("dotnet/slow", "");
        using Process killed = Begin(Path.Combine(folder.Path, "submit.sh"), null, ["train"]);
        string building = Path.Combine(folder.Path, "dotnet/building");
        while (!File.Exists(building)) Thread.Sleep(20);
        killed.Kill(); // the script alone: what it started goes on
        Write("second");
        string program = ProgramIn(Submit("train").Output);
        Dictionary<string, string> before = Files(program);
        File.Delete(building);
        Write("third");
        Submit("score");
        Assert.Equal("second", before[Path.GetFileName(program)]);
        Assert.False(File.Exists(program));
    }

    [Fact]
    public void WhatIsSavedWhileItIsBuiltIsInTheProgram()
    {
        Write("first");
        folder.Write("dotnet/edit", "saved meanwhile");
        Assert.Equal("saved meanwhile", File.ReadAllText(ProgramIn(Submit("train").Output)));
        Assert.Single(Directory.GetDirectories(Path.Combine(folder.Path, "obj/builds/ncfspark.plain")));
    }

    [Fact]
    public void AnOlderFileThatTookTheSourcesPlaceIsBuilt()
    {
        Write("first");
        Submit("train");
        Write("second");
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "src/A/A.cs"), DateTime.UnixEpoch.AddDays(20_000)); // as rsync -a and tar leave it
        Assert.Equal("second", File.ReadAllText(ProgramIn(Submit("train").Output)));
    }

    [Fact]
    public void SourcesThatAreTheSameAreNotBuiltAgain()
    {
        Submit("train");
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "src/A/A.cs"), DateTime.UnixEpoch.AddDays(30_000));
        folder.Write("src/A/.A.cs.swp", "an editor's");
        Assert.Equal("", Submit("train").Error);
    }

    [Fact]
    public void ItWorksThroughALink()
    {
        string link = Path.Combine(folder.Path, "elsewhere/ncf");
        File.CreateSymbolicLink(link, Path.Combine(folder.Path, "submit.sh"));
        folder.Write("dotnet/dotnet", DotnetStandIn.Script.Replace("exit 3", "echo \"called $NCFSPARK_COMMAND\"; exit 3", StringComparison.Ordinal)
            .ReplaceLineEndings("\n"));
        (int code, string output, _) = Start(link, ["train"]);
        Assert.Equal(3, code);
        Assert.EndsWith($"called {link}\n", output, StringComparison.Ordinal); // by that name its advice can be pasted
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

    private void Write(string program) => folder.Write("src/A/A.cs", program);

    // The program's path, which the stand-in says.
    private static string ProgramIn(string output) => output.Split('\n').First(line => line.EndsWith(".dll>", StringComparison.Ordinal)).Trim('<', '>');

    private static Dictionary<string, string> Files(string program) =>
        Directory.GetFiles(Path.GetDirectoryName(program)!).ToDictionary(path => Path.GetFileName(path), File.ReadAllText);

    private (int Code, string Output, string Error) Submit(params string[] args) => Start(Path.Combine(folder.Path, "submit.sh"), args);

    private (int Code, string Output, string Error) Submit((string, string) variable, params string[] args) =>
        Ended(Begin(Path.Combine(folder.Path, "submit.sh"), variable, args));

    private (int Code, string Output, string Error) Start(string script, string[] args) => Ended(Begin(script, null, args));

    private static (int Code, string Output, string Error) Ended(Process started)
    {
        using Process process = started;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private Process Begin(string script, (string Name, string Value)? variable, string[] args)
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
        foreach (string name in new[] { "DOTNET_ROOT", "DOTNETBACKEND_PORT", "NCFSPARK_MICROSOFT_SPARK_VERSION" }) start.Environment.Remove(name);
        if (variable is { } given) start.Environment[given.Name] = given.Value;
        return Process.Start(start)!;
    }

    // The program, until it is told to end.
    private Running Run(params string[] args)
    {
        string hold = folder.Write("hold", "");
        Process process = Begin(Path.Combine(folder.Path, "submit.sh"), ("HOLD", hold), args);
        process.StandardOutput.ReadLine(); // in …
        return new Running(process, process.StandardOutput.ReadLine()!.Trim('<', '>'), hold);
    }

    private sealed record Running(Process Process, string Program, string Hold) : IDisposable
    {
        public int End()
        {
            File.Delete(Hold);
            Process.WaitForExit();
            return Process.ExitCode;
        }

        public void Dispose()
        {
            File.Delete(Hold);
            Process.Dispose();
        }
    }
}
