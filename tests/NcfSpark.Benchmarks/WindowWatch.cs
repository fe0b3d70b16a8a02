using System.Diagnostics;

namespace NcfSpark.Benchmarks;

/// <summary>Times a window by the clock and by the processor time of this process, which others on the machine do not lengthen as much.</summary>
internal readonly struct WindowWatch
{
    private readonly long started;
    private readonly TimeSpan used;

    private WindowWatch(long started, TimeSpan used) => (this.started, this.used) = (started, used);

    public double Seconds => Stopwatch.GetElapsedTime(started).TotalSeconds;

    public static WindowWatch Start() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    public WindowRate Rate(double amount) => new(amount / Seconds, amount / (Environment.CpuUsage.TotalTime - used).TotalSeconds);
}

/// <summary>A rate in a window.</summary>
/// <param name="PerSecond">By the clock.</param>
/// <param name="PerCpuSecond">By the processor time of all threads.</param>
internal readonly record struct WindowRate(double PerSecond, double PerCpuSecond);
