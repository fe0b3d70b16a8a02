namespace NcfSpark.Jobs.Cluster;

/// <summary>A file in the run directory that changes as long as this process lives and wants what its tasks compute. They end when it is gone, or has not changed for minutes.</summary>
internal sealed class Heartbeat : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly ITimer timer;
    private long beats;

    public Heartbeat(string runDirectory, TimeProvider time)
    {
        foreach (string left in Directory.GetFiles(runDirectory, ".heartbeat-*")) File.Delete(left); // of a run that was killed; the run directory is locked for this one
        Path = System.IO.Path.Combine(System.IO.Path.GetFullPath(runDirectory), $".heartbeat-{Guid.NewGuid().ToString("N")[..8]}");
        Beat();
        timer = time.CreateTimer(_ => Beat(), null, Interval, Interval);
    }

    public string Path { get; }

    public void Dispose()
    {
        timer.DisposeAsync().AsTask().GetAwaiter().GetResult(); // no beat after this
        File.Delete(Path);
    }

    private void Beat()
    {
        try
        {
            File.WriteAllText(Path, $"{++beats}\n");
        }
        catch (IOException)
        {
            // A full disk, say: tasks bear some minutes without a beat.
        }
    }
}
