using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// Training by several workers and a parameter server. The result is a function of the options, the rows and the seed: neither where the workers run,
/// nor who comes first, nor who is lost on the way changes a byte of it.
/// </summary>
/// <param name="progress">Told of samples and epochs.</param>
public sealed class DistributedTraining(
    WorkerSetup setup, CheckpointStore checkpoints, Func<WorkerSetup, WorkerShare, WorkerData> read, IProgressReporter progress, TimeProvider time)
{
    /// <summary>Makes the weights to start from, asked only where there is no checkpoint; null for those of <see cref="ModelWeights.Initialize"/>.</summary>
    public Func<ModelWeights>? Initial { get; init; }

    /// <summary>Trains to the end by threads of this process, from the last checkpoint if there is one.</summary>
    public DistributedResult RunThreads(CancellationToken cancellation)
    {
        using ParameterServer server = MakeServer();
        using var threads = new WorkerThreads(server, read, time);
        return Run(server, threads, new WorkerCredentials("", "", "", 0, 0), cancellation);
    }

    /// <summary>Trains to the end by processes of this machine.</summary>
    /// <param name="program">The program that starts a worker, with its arguments; the rest is in the environment (<see cref="WorkerEnvironment"/>).</param>
    /// <param name="cancellation">Ends training; the same command goes on from the last checkpoint.</param>
    public DistributedResult RunProcesses(string[] program, CancellationToken cancellation) => Run(new WorkerProcesses(program), cancellation);

    /// <summary>Trains to the end by workers that run somewhere else and come to the server's address.</summary>
    /// <param name="place">Starts them. It is disposed of at the end.</param>
    /// <param name="cancellation">Ends training; the same command goes on from the last checkpoint.</param>
    public DistributedResult Run(IWorkerPlace place, CancellationToken cancellation)
    {
        using ParameterServer server = MakeServer();
        using var host = ParameterServerHost.Start(server, setup.Train.Server, time);
        using (place) return Run(server, place, host.Credentials, cancellation); // ended while the server still answers
    }

    private ParameterServer MakeServer()
    {
        var server = new ParameterServer(setup, checkpoints, progress, time); // refuses more workers than shards first
        if (Initial is not null) new ServerCheckpoints(checkpoints.DirectoryPath).BeginFrom(Initial, setup);
        return server;
    }

    private DistributedResult Run(ParameterServer server, IWorkerPlace place, WorkerCredentials credentials, CancellationToken cancellation)
    {
        void Start(int worker, int attempt) =>
            place.Start(credentials with { Worker = worker, Attempt = attempt }, reason => server.Lost(worker, attempt, reason));
        using CancellationTokenRegistration registration = cancellation.Register(() => server.Fail(new OperationCanceledException(cancellation)));
        server.Restart = Start;
        progress.Line($"Training by {setup.Train.Workers} {(setup.Train.Workers == 1 ? "worker" : "workers")} ({place.Description}), "
            + $"{setup.Train.Server.RoundsPerEpoch} rounds an epoch.");
        for (int worker = 0; worker < setup.Train.Workers; worker++) Start(worker, 1);
        return server.Completion.GetAwaiter().GetResult();
    }
}

/// <summary>What training by several workers came to.</summary>
/// <param name="ModelDirectory">Holds the kept epoch's model, without ids: <see cref="TrainedModel.SharedFile"/> and
/// each shard's <see cref="TrainedModel.UserFile"/>.</param>
/// <param name="Epochs">Each epoch, in order.</param>
/// <param name="Workers">What each worker did in each epoch.</param>
/// <param name="BestEpoch">From 1: the one that is kept.</param>
public sealed record DistributedResult(string ModelDirectory, IReadOnlyList<EpochRecord> Epochs, IReadOnlyList<WorkerRecord> Workers, int BestEpoch);

/// <summary>Training ended since workers did not come, or were lost too often. The same command goes on from the last checkpoint.</summary>
public sealed class WorkersLostException(string message, Exception? cause = null) : Exception(message, cause);
