namespace NcfSpark.Training.Distributed;

/// <summary>Workers as threads of the server's process.</summary>
/// <param name="server">The server.</param>
/// <param name="read">Reads a worker's rows.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkerThreads(ParameterServer server, Func<WorkerSetup, WorkerShare, WorkerData> read, TimeProvider time) : IWorkerPlace
{
    private readonly List<Thread> threads = [];

    public string Description => "threads";

    public void Start(WorkerTicket ticket, Action<string> lost)
    {
        var thread = new Thread(() => Work(ticket)) { IsBackground = true, Name = $"worker {ticket.Worker}" };
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

    private void Work(WorkerTicket ticket)
    {
        try
        {
            new Worker(new LocalLink(server, ticket.Worker, ticket.Attempt), ticket.Worker, read, time).Run();
        }
#pragma warning disable CA1031 // the server was told why, and the run ends by that
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
