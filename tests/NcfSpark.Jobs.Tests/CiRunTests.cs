using System.Diagnostics;
using System.Runtime.Versioning;
using NcfSpark.Configuration;

namespace NcfSpark.Jobs.Tests;

/// <summary>.ci/run with a stand-in for dotnet that writes what `dotnet test` would.</summary>
[SupportedOSPlatform("linux")]
public sealed class CiRunTests : IDisposable
{
    private const string Passed = "NcfSpark.A.Tests               12 passed, 0 failed, 3 skipped, 1 s\n";
    private const string Failed = "Failed A.B [0.1 s]\nno\nNcfSpark.B.Tests               155 passed, 2 failed, 0 skipped, 14 s\n";
    private const string Totals = "24 passed, 0 failed, 6 skipped\n    6 skipped. Needs Chromium: apt install chromium.\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Passed + Passed + Totals, 0, "24 passed, 0 failed, 6 skipped", 0)]
    [InlineData(Passed + Failed, 1, "167 passed, 2 failed, 3 skipped", 1)]
    [InlineData(Passed + Failed, 0, "167 passed, 2 failed, 3 skipped", 1)]
    [InlineData(Passed + "A.cs(1,1): error CS0001: broken\n", 1, "12 passed, 0 failed, 3 skipped", 1)]
    [InlineData("", 0, "0 passed, 0 failed, 0 skipped", 1)]
    public void TheLastLineSumsUpAndTheExitCodeSaysWhetherAllIsWell(string told, int dotnetCode, string last, int code)
    {
        folder.Write("told", $"Test run for A.dll\n\n{told}");
        folder.Write("bin/dotnet", $"#!/bin/bash\n[[ $1 == test && $CI == true && $PWD == \"{folder.Path}\" ]] || exit 9\ncat told\nexit {dotnetCode}\n");
        folder.Write(".ci/run", File.ReadAllText(Repository.File(".ci/run")));
        folder.Write("tests/coverage.sh", "#!/bin/bash\necho NcfSpark.A 10 lines\n");
        foreach (string script in new[] { "bin/dotnet", "tests/coverage.sh" })
        {
            File.SetUnixFileMode(Path.Combine(folder.Path, script), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var start = new ProcessStartInfo("bash", [Path.Combine(folder.Path, ".ci/run")]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{Path.Combine(folder.Path, "bin")}:{start.Environment["PATH"]}";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal($"{told}NcfSpark.A 10 lines\n{last}\n", output);
        Assert.Equal(code, process.ExitCode);
    }
}
