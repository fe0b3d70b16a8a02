namespace NcfSpark.Training.Distributed;

/// <summary>Where workers run. Disposing it ends them all.</summary>
public interface IWorkerPlace : IDisposable
{
    /// <summary>For people, such as "2 processes".</summary>
    string Description { get; }

    /// <summary>Starts a worker, and lets go of its earlier attempt where one still lives. Returns at once.</summary>
    /// <param name="lost">Told once if the worker ends and should not have, and why.</param>
    void Start(WorkerCredentials credentials, Action<string> lost);
}

/// <summary>What a worker needs to call the server.</summary>
/// <param name="Server">The server's address, such as "http://127.0.0.1:41234"; "" for a worker of this process.</param>
/// <param name="Token">The run's secret.</param>
/// <param name="Certificate">SHA-256 of the server's certificate in hexadecimal digits, where it speaks TLS; otherwise "".</param>
/// <param name="Worker">From 0.</param>
/// <param name="Attempt">From 1; 0 where the attempt is not known: then the latest one that calls is valid.</param>
public sealed record WorkerCredentials(string Server, string Token, string Certificate, int Worker, int Attempt);

/// <summary>Workers as threads of the server's process.</summary>
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
