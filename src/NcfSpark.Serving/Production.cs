using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>
/// What is in production, followed: it looks at the link `current` every Serve:PollSeconds (a watch of the file system would miss changes on network
/// storage), reads the new night while the old one answers, and then puts it in the old one's place in one step.
/// </summary>
internal sealed class Production : IDisposable
{
    private static readonly TimeSpan pauseAfterFailure = TimeSpan.FromSeconds(30);

    private readonly string runDirectory;
    private readonly NcfSparkConfiguration settings;
    private readonly TimeProvider time;
    private readonly IProgressReporter progress;
    private ServedModel current;
    private string? failed; // the night that could not be read, and since when
    private long failedAt;
    private volatile bool disposed;

    /// <exception cref="InvalidInputException">Nothing is in production, or it cannot be read.</exception>
    public Production(string runDirectory, NcfSparkConfiguration settings, TimeProvider time, IProgressReporter progress)
    {
        (this.runDirectory, this.settings, this.time, this.progress) = (runDirectory, settings, time, progress);
        if (!Directory.Exists(runDirectory)) throw new InvalidInputException($"{runDirectory} is not there: name a run directory by --run.");
        var nights = new RunNights(runDirectory);
        if (nights.Production is null && nights.Names.Count > 0)
        {
            throw new InvalidInputException($"No night of {runDirectory} is in production. `nightly` puts one there that passes the gate, "
                + $"`{Advice.Command("help", "promote")}` says how to put one of {string.Join(", ", nights.Names)} there.");
        }

        current = ServedModel.Open(runDirectory, nights.Production, settings, progress.Line);
    }

    /// <summary>How often another night took over.</summary>
    public long Switches { get; private set; }

    /// <summary>How often a night that went into production could not be read.</summary>
    public long Failures { get; private set; }

    /// <summary>The night that answers now, held for a request, which must release it.</summary>
    public ServedModel Hold()
    {
        while (true)
        {
            ServedModel model = Volatile.Read(ref current);
            if (model.TryHold()) return model; // else another has just taken its place
            ObjectDisposedException.ThrowIf(disposed, this);
        }
    }

    /// <summary>Follows production until it is cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(settings.Serve.PollSeconds), time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation)) Look();
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    /// <summary>Looks once, and switches if another night is in production.</summary>
    public void Look()
    {
        string? night = null;
        try
        {
            RunStore.Of(runDirectory)?.Refresh();
            night = new RunNights(runDirectory).Production;
            if (night is null || night == current.Night) return;
            if (night == failed && time.GetElapsedTime(failedAt) < pauseAfterFailure) return;
            ServedModel next = ServedModel.Open(runDirectory, night, settings, progress.Line), before = Interlocked.Exchange(ref current, next);
            before.Release();
            (failed, Switches) = (null, Switches + 1);
            progress.Line($"serving {next.Night}; before it, {before.Night}");
        }
#pragma warning disable CA1031 // whatever is wrong with a night, the one before goes on answering
        catch (Exception failure)
#pragma warning restore CA1031
        {
            (failed, failedAt, Failures) = (night, time.GetTimestamp(), Failures + 1);
            progress.Line($"{night} is in production, and cannot be served, so {current.Night} goes on answering: {failure.Message} "
                + $"Tried again in {pauseAfterFailure.TotalSeconds} s.");
        }
    }

    public void Dispose()
    {
        disposed = true;
        current.Release();
    }
}
