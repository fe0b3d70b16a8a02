using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using NcfSpark.Engines;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>
/// Training workers within Spark's tasks: for each a query of one row, and so of one task. They run side by side as far
/// as the cluster has slots. Where an executor is lost Spark runs its workers again elsewhere, and the parameter server
/// takes the new ones for the old ones; where Spark gives a query up, the next attempt is a query again. One query for
/// all would be one stage, which fails as a whole and takes the good workers with it.
/// </summary>
internal sealed class WorkerTasks(IClusterEngine engine, string program, WorkerQueries queries) : IWorkerPlace
{
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(15);

    private readonly Dictionary<int, Worker> workers = [];
    private readonly string secrets = Directory.CreateTempSubdirectory("ncfspark-token-").FullName; // readable by this user alone
    private readonly Lock shipping = new();
    private string? tokenFile;
    private bool disposed;

    public string Description => $"tasks of {engine.Name}";

    public void Start(WorkerCredentials credentials, Action<string> lost)
    {
        lock (workers)
        {
            if (disposed) return;
            if (workers.TryGetValue(credentials.Worker, out Worker? running))
            {
                (running.Lost, running.IsWantedAgain) = (lost, true); // its query lives, and Spark runs its task again, or gives the query up
                return;
            }

            var worker = new Worker { Lost = lost };
            workers[credentials.Worker] = worker;
            worker.Query = Task.Factory.StartNew(
                () => Run(credentials, worker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    // After a good run they end by themselves; the others are told by the server, or end with the engine.
    public void Dispose()
    {
        Task[] left;
        lock (workers)
        {
            disposed = true;
            left = [.. workers.Values.Select(worker => worker.Query)];
        }

        Task.WaitAll(left, ToEnd);
        Directory.Delete(secrets, recursive: true);
    }

    // As a file of Spark's session: what stands in a query is shown by Spark's pages and kept in its event log.
    private string TokenFileOf(WorkerCredentials credentials)
    {
        lock (shipping)
        {
            if (tokenFile is not null) return tokenFile;
            byte[] token = Encoding.UTF8.GetBytes(credentials.Token);
            string path = Path.Combine(secrets, "token.tar.gz"), alias = $"ncfspark-token-{Convert.ToHexStringLower(SHA256.HashData(token))[..16]}";
            using (var archive = new TaskArchive(path, CompressionLevel.Fastest)) archive.Add("token", new MemoryStream(token));
            return tokenFile = $"{engine.Ship(path, alias)}/token";
        }
    }

    private void Run(WorkerCredentials credentials, Worker worker)
    {
        while (Try(credentials) is { } reason)
        {
            bool again;
            lock (workers)
            {
                if (disposed) return;
                again = worker.IsWantedAgain; // then the server knows of this loss already
                worker.IsWantedAgain = false;
                if (!again) workers.Remove(credentials.Worker);
            }

            if (again) continue;
            worker.Lost(reason);
            return;
        }
    }

    // Why the query did not end well; null where it did, or nobody wants it any more.
    private string? Try(WorkerCredentials credentials)
    {
        try
        {
            var script = new TaskScript(TaskProgram.Command(program, WorkerTask.Verb), [("worker", "INT")]);
            IReadOnlyList<IReadOnlyList<object?>> rows = engine.Query(script.Over(queries.Of(credentials, TokenFileOf(credentials)), WorkerQueries.Columns));
            // After a good end it stays among the workers: no other is wanted.
            return rows is [[long number]] && number == credentials.Worker ? null : "its task ended without a word";
        }
        catch (SqlEngineException failure)
        {
            return TaskFailure.In(failure) ?? failure.Message.Split('\n')[0];
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private sealed class Worker
    {
        public required Action<string> Lost { get; set; }

        /// <summary>Whether the server wanted its next attempt while its query still ran.</summary>
        public bool IsWantedAgain { get; set; }

        public Task Query { get; set; } = Task.CompletedTask;
    }
}
