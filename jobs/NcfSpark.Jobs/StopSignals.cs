using System.Runtime.InteropServices;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs;

/// <summary>Turns the first Ctrl-C or SIGTERM into a cancelled token. A second one ends the process at once, as if this were not here.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int received;

    public StopSignals(IProgressReporter progress) => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, ExitCode.Interrupted, progress)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, ExitCode.Terminated, progress)),
    ];

    public CancellationToken Token => source.Token;

    /// <summary>The exit code that belongs to the signal; null while there was none.</summary>
    public ExitCode? Received => received == 0 ? null : (ExitCode)received;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        source.Dispose();
    }

    private void Stop(PosixSignalContext signal, ExitCode code, IProgressReporter progress)
    {
        if (Interlocked.CompareExchange(ref received, (int)code, 0) != 0) return;
        signal.Cancel = true; // do not end the process: the job ends itself
        progress.Line("stopping ... (once more to stop at once)");
        source.Cancel();
    }
}
