using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Benchmarks;

/// <summary>Times first epochs, from their first step to their last, without reading rows before or writing checkpoints after.</summary>
internal sealed class EpochMeasurement(ModelOptions model, TrainOptions options, TrainingSet set, int workers)
{
    private readonly WorkerData[] parts =
        [.. Enumerable.Range(0, workers).Select(worker => new WorkerData(set.Of(new WorkerShare(workers, workers, worker)), null))];

    public EpochRound Measure()
    {
        var alone = new EpochWatch();
        InTemporaryFolder(store => new Trainer(model, options, store, null, alone, TimeProvider.System).Train(set));
        var setup = new WorkerSetup
        {
            Model = model,
            Train = options with { Workers = workers },
            Shards = workers,
            UserCount = set.UserCount,
            ItemCount = set.ItemCount,
        };
        EpochWatch direct = new(), grpc = new(), tls = new();
        InTemporaryFolder(store => new DistributedTraining(setup, store, Read, direct, TimeProvider.System).RunThreads(default));
        DistributedResult over = InTemporaryFolder(
            store => new DistributedTraining(setup, store, Read, grpc, TimeProvider.System).Run(new GrpcThreads(Read), default));
        WorkerSetup withTls = setup with { Train = setup.Train with { Server = setup.Train.Server with { Tls = true } } };
        InTemporaryFolder(store => new DistributedTraining(withTls, store, Read, tls, TimeProvider.System).Run(new GrpcThreads(Read), default));
        return new EpochRound(over.Epochs[0].Samples, alone.Rate, direct.Rate, grpc.Rate, tls.Rate, over.Workers[0].Times);
    }

    private WorkerData Read(WorkerSetup setup, WorkerShare share) => parts[share.Worker];

    private static T InTemporaryFolder<T>(Func<CheckpointStore, T> train)
    {
        string folder = Directory.CreateTempSubdirectory("ncfspark-bench-").FullName;
        try
        {
            return train(CheckpointStore.Open(folder, "bench"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Times the one epoch that it hears of.</summary>
    private sealed class EpochWatch : IProgressReporter, IProgressTask
    {
        private WindowWatch watch;
        private long samples;

        public WindowRate Rate { get; private set; } = new(double.NaN, double.NaN);

        public IProgressTask Start(string title, long total, string unit)
        {
            (watch, samples) = (WindowWatch.Start(), total);
            return this;
        }

        public void Line(string text)
        {
        }

        public void Advance(long units)
        {
        }

        public void Detail(string text)
        {
        }

        public void Dispose()
        {
            if (double.IsNaN(Rate.PerSecond)) Rate = watch.Rate(samples);
        }
    }

    /// <summary>Workers of this process that come over gRPC.</summary>
    private sealed class GrpcThreads(Func<WorkerSetup, WorkerShare, WorkerData> read) : IWorkerPlace
    {
        private readonly List<Thread> threads = [];

        public string Description => "threads over gRPC";

        public void Start(WorkerCredentials credentials, Action<string> lost)
        {
            var thread = new Thread(() => WorkerProcess.Run(credentials, null, read, Console.Error.WriteLine, TimeProvider.System));
            threads.Add(thread);
            thread.Start();
        }

        public void Dispose() => threads.ForEach(thread => thread.Join());
    }
}

/// <summary>An epoch of each side.</summary>
internal sealed record EpochRound(long Samples, WindowRate Alone, WindowRate Direct, WindowRate Grpc, WindowRate Tls, WorkerTimes GrpcTimes);
