using System.Diagnostics;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A night ends well where nobody hears of it: standard output and standard error closed, on a full disk, or read by nobody.</summary>
[Trait("Category", "Slow")]
public sealed class StandardOutputTests
{
    [Theory]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full 2>/dev/full")]
    [InlineData("2>&1 | head -n 1")]
    public async Task ANightNeedsNobodyWhoReads(string redirections)
    {
        using var run = new RunDirectory();
        string[] command = ["nightly", .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--run", run.Path];
        using Process process = NcfSparkProcess.Start("sh",
            ["-c", $"{{ dotnet \"$@\"; echo $? >\"$ENDED\"; }} {redirections}".Replace("$ENDED", run.Path + ".code", StringComparison.Ordinal), "sh",
                NcfSparkProcess.Assembly, .. command]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        string said = await output + await error, code = await File.ReadAllTextAsync(run.Path + ".code");
        Assert.True(code == "0\n", $"exit code {code}{said}");
        Assert.Equal(RunDirectory.Night, new RunNights(run.Path).Production);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Fact]
    public void AStatusThatCannotBeWrittenIsExitCode2()
    {
        using Process process = NcfSparkProcess.Start(
            "sh", ["-c", "dotnet \"$@\" >/dev/full", "sh", NcfSparkProcess.Assembly, "status", "--config", "conf/ml-latest-small.json", "--run", "runs/none"]);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((2, "Standard output could not be written, so lines of it are lost: No space left on device\n"), (process.ExitCode, error));
    }
}
