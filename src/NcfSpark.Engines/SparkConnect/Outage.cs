namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// The times at which a server that does not answer is tried again: after 50 ms, 200 ms, 0.8 s, 3.2 s, then every 5 s, until the limit on all of them together.
/// Spark's own clients wait up to a minute between attempts and go on for over seven; nobody at a terminal would wait so long.
/// </summary>
internal sealed class Outage(ConnectSession session)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50), LongestWait = TimeSpan.FromSeconds(
        5), WorthTelling = TimeSpan.FromMilliseconds(500);

    private readonly SparkConnectOptions options = session.Options;
    private long began;
    private int attempts;
    private bool reported;

    /// <summary>Whether the server has not answered since it last failed to.</summary>
    public bool IsOn => attempts > 0;

    /// <summary>Waits for the time of the next attempt.</summary>
    /// <exception cref="SparkException">The limit is reached, or the server is known to have ended.</exception>
    public async Task WaitAsync(SparkFailure failure, CancellationToken cancellation)
    {
        if (options.HowServerEnded() is { } end) throw SparkException.Lost(end, null);
        if (attempts == 0) began = options.Time.GetTimestamp();
        TimeSpan elapsed = options.Time.GetElapsedTime(began), left = options.ReconnectLimit - elapsed;
        if (attempts > 0 && left <= TimeSpan.Zero)
        {
            throw SparkException.Lost(
                $"The Spark server at {session.Address} has not answered for {elapsed.TotalSeconds:0} s ({failure.Status}). It, or the network to it, is gone; "
                + "its log says more. When it is back, run the same command again.",
                null);
        }

        if (!reported && elapsed >= WorthTelling)
        {
            options.Progress.Line($"The Spark server at {session.Address} does not answer ({failure.Status}). "
                + $"Trying again for up to {options.ReconnectLimit.TotalSeconds:0} s.");
            reported = true;
        }

        TimeSpan wait = FirstWait * Math.Pow(4, Math.Min(attempts++, 10));
        if (wait > LongestWait) wait = LongestWait;
        if (failure.RetryDelay is { } asked && asked > wait) wait = asked;
        if (wait > left && left > TimeSpan.Zero) wait = left;
        await Task.Delay(wait, options.Time, cancellation);
    }

    /// <summary>The server has answered.</summary>
    public void Over()
    {
        if (reported)
        {
            options.Progress.Line($"The Spark server at {session.Address} answers again after {options.Time.GetElapsedTime(began).TotalSeconds:0} s.");
        }

        (attempts, reported) = (0, false);
    }
}
