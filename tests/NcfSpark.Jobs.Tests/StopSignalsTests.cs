using System.Diagnostics;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

/// <summary>A signal is for the whole process: what stops at one runs in this collection, and so not at the same time.</summary>
[Collection(OfThisProcess)]
public sealed class StopSignalsTests
{
    public const string OfThisProcess = "signals of this process";

    [SkippableFact]
    public void SigtermCancelsAndIsExitCode143()
    {
        Skip.If(OperatingSystem.IsWindows(), "Needs Linux.");
        using var signals = new StopSignals(SilentProgress.Instance);
        Assert.Null(signals.Received);
        using Process kill = Process.Start("kill", ["-TERM", $"{Environment.ProcessId}"]);
        Assert.True(signals.Token.WaitHandle.WaitOne(TimeSpan.FromMinutes(10)));
        Assert.Equal(143, (int)signals.Received!.Value);
    }
}
