using System.Diagnostics;
using System.Globalization;

namespace NcfSpark.Pipeline;

/// <summary>How long the parts of a stage took, one after the other, by name. Its text is such as "start 0.3 s, reading 1.2 s".</summary>
public sealed class StageTimings
{
    private readonly TimeProvider time;
    private readonly List<(string Part, TimeSpan Took)> parts = [];
    private long since;

    public StageTimings(TimeProvider time) => (this.time, since) = (time, time.GetTimestamp());

    /// <summary>How many parts are known.</summary>
    public int Count => parts.Count;

    /// <summary>With the start of this process as the first part.</summary>
    public static StageTimings SinceProcessStart(TimeProvider time)
    {
        using Process own = Process.GetCurrentProcess();
        var times = new StageTimings(time);
        times.parts.Add(("start", time.GetUtcNow().UtcDateTime - own.StartTime.ToUniversalTime()));
        return times;
    }

    /// <summary>Names what was done since the last call, or since this was made. A part that is named again is added to.</summary>
    public void Took(string part)
    {
        TimeSpan took = time.GetElapsedTime(since);
        since = time.GetTimestamp();
        int known = parts.FindIndex(one => one.Part == part);
        if (known < 0) parts.Add((part, took));
        else parts[known] = (part, parts[known].Took + took);
    }

    public override string ToString() =>
        string.Join(", ", parts.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Part} {one.Took.TotalSeconds:F2} s")));
}
