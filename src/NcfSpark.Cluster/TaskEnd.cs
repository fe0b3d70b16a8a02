using System.Diagnostics;
using NcfSpark.Core;

namespace NcfSpark.Cluster;

/// <summary>
/// Ends this process, a child of a Spark executor, when nobody wants its rows any more. Spark does not: it leaves the
/// scripts of a task that was cancelled alone, and those of an executor that was killed. So it looks all the time
/// whether its parent is still the one that started it, and whether what it writes is taken.
/// </summary>
internal sealed class TaskEnd : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // Spark may take nothing for a while: it writes what it has to a store that is slow.
    private static readonly TimeSpan NothingTaken = TimeSpan.FromMinutes(5);

    private readonly WatchedOutput output;
    private readonly TimeProvider time;
    private readonly int parent = LinuxProcess.Parent();
    private readonly ITimer timer;

    public TaskEnd(Stream output, TimeProvider time)
    {
        (this.output, this.time) = (new WatchedOutput(output, time), time);
        timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>Standard output, to be written through this.</summary>
    public Stream Output => output;

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        // At once: a write to a pipe that nobody reads does not end.
        if (LinuxProcess.Parent() != parent || (output.WritingSince is { } since && time.GetElapsedTime(since) > NothingTaken))
        {
            Process.GetCurrentProcess().Kill();
        }
    }

    // Writes of at most a pipe's length, so that one that goes on long is one that nobody takes.
    private sealed class WatchedOutput(Stream output, TimeProvider time) : WriteOnlyStream
    {
        private const int Piece = 64 << 10;
        private const long NotWriting = long.MinValue;
        private long writingSince = NotWriting;

        public long? WritingSince => Volatile.Read(ref writingSince) is var since && since == NotWriting ? null : since;

        public override void Write(ReadOnlySpan<byte> bytes)
        {
            for (; !bytes.IsEmpty; bytes = bytes[Math.Min(Piece, bytes.Length)..])
            {
                Volatile.Write(ref writingSince, time.GetTimestamp());
                output.Write(bytes[..Math.Min(Piece, bytes.Length)]);
            }

            Volatile.Write(ref writingSince, NotWriting);
        }

        public override void Flush() => output.Flush();
    }
}
