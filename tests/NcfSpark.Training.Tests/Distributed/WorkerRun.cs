using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

/// <summary>A training by several workers on a set in memory.</summary>
internal sealed class WorkerRun(TrainingSet set, ModelOptions model, TrainOptions options, string directory, int shards = 8)
{
    public Func<ModelWeights, ValidationScore>? Validate { get; init; }

    /// <summary>The weights to start from; null for weights by chance.</summary>
    public Func<ModelWeights>? Initial { get; init; }

    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;

    public WorkerSetup Setup { get; } = new()
    {
        Model = model,
        Train = options,
        Shards = shards,
        UserCount = set.UserCount,
        ItemCount = set.ItemCount,
        Features = set.Features,
    };

    public DistributedTraining Training => new(
        Setup with { Validates = Validate is not null }, CheckpointStore.Open(directory, "test"), Read, Progress, TimeProvider.System) { Initial = Initial };

    public DistributedResult Threads(CancellationToken cancellation = default) => Training.RunThreads(cancellation);

    /// <summary>Over gRPC, by threads of this process that do as processes do.</summary>
    public DistributedResult OverGrpc(CancellationToken cancellation = default) => Training.Run(new GrpcThreads(Read), cancellation);

    public WorkerData Read(WorkerSetup setup, WorkerShare share) => new(set.Of(share), Validate);

    /// <summary>The files of a result's model, each with its bytes.</summary>
    public static SortedDictionary<string, byte[]> FilesOf(DistributedResult result)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles(result.ModelDirectory, "*", SearchOption.AllDirectories))
        {
            files.Add(Path.GetRelativePath(result.ModelDirectory, path), File.ReadAllBytes(path));
        }

        return files;
    }

    /// <summary>The same files of a model without a server.</summary>
    public static SortedDictionary<string, byte[]> FilesOf(ModelWeights weights, int shards, string directory)
    {
        string shared = Path.Combine(directory, TrainedModel.SharedFile);
        Safetensors.Write(shared, TrainedModel.SharedOf(weights));
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal) { [TrainedModel.SharedFile] = File.ReadAllBytes(shared) };
        for (int shard = 0; shard < shards; shard++)
        {
            string path = Path.Combine(directory, TrainedModel.UserFile(shard));
            Safetensors.Write(path, TrainedModel.UsersOf(weights, shard, shards));
            files.Add(TrainedModel.UserFile(shard), File.ReadAllBytes(path));
        }

        return files;
    }

    public static void AssertEqual(SortedDictionary<string, byte[]> expected, SortedDictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, byte[] bytes) in expected) Assert.True(bytes.AsSpan().SequenceEqual(actual[name]), $"{name} differs");
    }

    private sealed class GrpcThreads(Func<WorkerSetup, WorkerShare, WorkerData> read) : IWorkerPlace
    {
        private readonly List<Thread> threads = [];

        public string Description => "threads over gRPC";

        public void Start(WorkerCredentials credentials, Action<string> lost)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    WorkerProcess.Run(credentials, null, read, _ => { }, TimeProvider.System);
                }
#pragma warning disable CA1031 // as a process's end
                catch (Exception failure)
#pragma warning restore CA1031
                {
                    lost(failure.Message);
                }
            });
            threads.Add(thread);
            thread.Start();
        }

        public void Dispose() => threads.ForEach(thread => thread.Join());
    }
}
