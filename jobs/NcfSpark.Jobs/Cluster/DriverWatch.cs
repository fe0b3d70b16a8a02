using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NcfSpark.Jobs.Cluster;

/// <summary>
/// Ends this process, a child of a Spark executor, when nobody wants its rows any more. Spark does not: it leaves the scripts of a task that was cancelled alone, and those of an
/// executor that was killed. So it looks every second whether its parent is still the one that started it, and whether the driver's heartbeat goes on.
/// </summary>
internal sealed partial class DriverWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A dozen beats, since a shared file system may show what it knew a minute ago.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(3);

    private readonly string heartbeat;
    private readonly TimeProvider time;
    private readonly int parent = ParentId();
    private readonly ITimer timer;
    private string lastBeat = "";
    private long heard;

    private DriverWatch(string heartbeat, TimeProvider time)
    {
        (this.heartbeat, this.time, heard) = (heartbeat, time, time.GetTimestamp());
        timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    public static DriverWatch Start(string heartbeat, TimeProvider time) => new(heartbeat, time);

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        bool ended = false;
        try
        {
            string beat = File.ReadAllText(heartbeat);
            if (beat.Length > 0 && beat != lastBeat) (lastBeat, heard) = (beat, time.GetTimestamp()); // empty: it is just being written
        }
        catch (FileNotFoundException)
        {
            ended = true;
        }
        catch (IOException)
        {
            // The storage is away for a moment.
        }

        // At once: what else this process does, such as writing to a pipe that nobody reads, might not end.
        if (ended || ParentId() != parent || time.GetElapsedTime(heard) > Silence) Process.GetCurrentProcess().Kill();
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();
}
