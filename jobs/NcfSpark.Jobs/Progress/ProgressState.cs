namespace NcfSpark.Jobs.Progress;

/// <summary>How far a piece of work is, and the words for it. Any thread may advance it while another reads.</summary>
/// <param name="title">What is done, such as "epoch 3 of 20".</param>
/// <param name="total">Units in all; 0 where it is not known.</param>
/// <param name="unit">What is counted, such as "samples"; empty where nothing is.</param>
internal sealed class ProgressState(string title, long total, string unit, TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private long done, before; // before: of those that are done, the ones that an earlier run did
    private volatile string detail = "";

    public string Title => title;

    public long Total => total;

    public long Done => Interlocked.Read(ref done);

    public void Advance(long units) => Interlocked.Add(ref done, units);

    public void Resume(long units)
    {
        Interlocked.Add(ref before, units);
        Advance(units);
    }

    public void Detail(string text) => detail = text;

    /// <summary>
    /// While it goes on: "9.2 s left, 412,000 samples/s, 1,234,000/5,036,800 samples, loss 0.312". A narrow terminal cuts it from the right.
    /// </summary>
    public string Figures()
    {
        (long done, TimeSpan elapsed) = (Done, time.GetElapsedTime(started));
        var parts = new List<string>();
        long now = done - Interlocked.Read(ref before);
        if (now > 0 && elapsed > TimeSpan.Zero)
        {
            if (done < total) parts.Add($"{Words(elapsed.TotalSeconds * (total - done) / now)} left");
            parts.Add(Rate(now, elapsed));
        }

        if (unit.Length > 0) parts.Add(total > 0 ? $"{done:N0}/{total:N0} {unit}" : $"{done:N0} {unit}");
        if (detail.Length > 0) parts.Add(detail);
        return string.Join(", ", parts);
    }

    /// <summary>When it has ended: "epoch 3 of 20: 5,036,800 samples in 12.2 s, 412,852 samples/s".</summary>
    public string Summary()
    {
        (long done, TimeSpan elapsed) = (Done, time.GetElapsedTime(started));
        long earlier = Interlocked.Read(ref before), now = done - earlier;
        string amount = unit.Length == 0 ? ""
            : done < total ? $"stopped at {done:N0} of {total:N0} {unit} after "
            : $"{done:N0} {unit}{(earlier > 0 ? $", {earlier:N0} of them before," : "")} in ";
        string rate = now > 0 && elapsed > TimeSpan.Zero ? $", {Rate(now, elapsed)}" : "";
        string told = detail.Length > 0 ? $", {detail}" : "";
        return $"{title}: {amount}{Words(elapsed.TotalSeconds)}{rate}{told}";
    }

    /// <summary>Percent done, rounded down, so that 100 % is the end and nothing else.</summary>
    public long Percent => total > 0 ? (long)((Int128)Done * 100 / total) : 0;

    /// <summary>A length of time to two figures or units: "0.4 s", "12 s", "2 min 5 s", "3 h 12 min".</summary>
    public static string Words(double seconds)
    {
        (long whole, long minutes) = ((long)Math.Round(seconds), (long)Math.Round(seconds / 60));
        return seconds < 9.95 ? $"{seconds:0.0} s"
            : whole < 60 ? $"{whole} s"
            : whole < 3600 ? $"{whole / 60} min {whole % 60} s"
            : $"{minutes / 60} h {minutes % 60} min";
    }

    private string Rate(long done, TimeSpan elapsed)
    {
        double rate = done / elapsed.TotalSeconds;
        return rate < 10 ? $"{rate:0.0} {unit}/s" : $"{rate:N0} {unit}/s";
    }
}
