namespace NcfSpark.Jobs.Cluster;

/// <summary>
/// A directory in the run directory for what this process tells its tasks, as long as it wants what they compute. A file in it changes every few seconds: tasks end when it is gone,
/// or has not changed for minutes (<see cref="DriverWatch"/>).
/// </summary>
internal sealed class TaskDirectory : IDisposable
{
    private const string Prefix = ".tasks-";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly ITimer timer;
    private long beats;

    public TaskDirectory(string runDirectory, TimeProvider time)
    {
        foreach (string left in Directory.GetDirectories(runDirectory, $"{Prefix}*")) Directory.Delete(left, recursive: true); // of a run that was killed; the run directory is locked for this one
        Path = Directory.CreateDirectory(System.IO.Path.Combine(System.IO.Path.GetFullPath(runDirectory), $"{Prefix}{Guid.NewGuid().ToString("N")[..8]}")).FullName;
        Beat();
        timer = time.CreateTimer(_ => Beat(), null, Interval, Interval);
    }

    public string Path { get; }

    /// <summary>The file by which tasks know that this process lives.</summary>
    public string Heartbeat => File("heartbeat");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        timer.DisposeAsync().AsTask().GetAwaiter().GetResult(); // no beat after this
        Directory.Delete(Path, recursive: true);
    }

    private void Beat()
    {
        try
        {
            System.IO.File.WriteAllText(Heartbeat, $"{++beats}\n");
        }
        catch (IOException)
        {
            // A full disk, say: tasks bear some minutes without a beat.
        }
    }
}
