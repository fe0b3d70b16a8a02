namespace NcfSpark.Training.Distributed;

/// <summary>Workers as threads of the server's process.</summary>
/// <param name="server">The server.</param>
/// <param name="read">Reads a worker's rows.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkerThreads(ParameterServer server, Func<WorkerSetup, WorkerShare, WorkerData> read, TimeProvider time) : IWorkerPlace
{
    private readonly List<Thread> threads = [];

    public string Description => "threads";

    public void Start(WorkerCredentials credentials, Action<string> lost)
    {
        var thread = new Thread(() => Work(credentials)) { IsBackground = true, Name = $"worker {credentials.Worker}" };
        lock (threads) threads.Add(thread);
        thread.Start();
    }

    // They end by what the server answers, at the latest after a window of steps.
    public void Dispose()
    {
        lock (threads)
        {
            foreach (Thread thread in threads) thread.Join();
        }
    }

    private void Work(WorkerCredentials credentials)
    {
        try
        {
            new Worker(new LocalLink(server, credentials.Worker, credentials.Attempt), credentials.Worker, read, time).Run();
        }
#pragma warning disable CA1031 // the server was told why, and the run ends by that
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
