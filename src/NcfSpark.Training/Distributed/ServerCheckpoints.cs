using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// Checkpoints of a training by several workers, beside those of <see cref="CheckpointStore"/>. A checkpoint is a directory: shared.safetensors by the
/// server (weights, momentum, and where training stands) and worker=W.safetensors by each worker. It is filled under another name and renamed once
/// all is there and on disk, so one that has its name is whole; the last one counts. The model of the kept epoch stands in model/ likewise.
/// <code>
/// model.checkpoints-FINGERPRINT/  round=000003-0004/   shared.safetensors  worker=0.safetensors  worker=1.safetensors
///                                 model/               shared.safetensors  users/shard=0.safetensors …
///                                 filling-Checkpoint/  what is being written; thrown away when the workers restart
/// </code>
/// </summary>
internal sealed class ServerCheckpoints(string directory)
{
    private const string PositionKey = "position", Momentum = ".momentum", Prefix = "round=";
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Where the kept epoch's model is once it is whole.</summary>
    public string ModelDirectory => Path.Combine(directory, "model");

    /// <summary>Throws away what an earlier attempt did not finish.</summary>
    public void Clear()
    {
        foreach (string left in Directory.GetDirectories(directory, "filling-*")) Directory.Delete(left, recursive: true);
        string old = ModelDirectory + ".old"; // a kill between two renames leaves it: the epoch that replaced it is done again, since no checkpoint came after
        if (Directory.Exists(old) && !Directory.Exists(ModelDirectory)) StageDirectory.Rename(old, ModelDirectory);
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
    }

    /// <summary>
    /// Writes first weights as a checkpoint at the start of training, from which all workers begin. Does nothing where
    /// there is a checkpoint.
    /// </summary>
    public void BeginFrom(Func<ModelWeights> weights, WorkerSetup setup)
    {
        if (Whole().Length > 0) return;
        Clear();
        Directory.CreateDirectory(Filling(SaveKind.Checkpoint));
        ModelWeights all = weights();
        for (int worker = 0; worker < setup.Train.Workers; worker++)
        {
            var share = new WorkerShare(setup.Shards, setup.Train.Workers, worker);
            var own = new ModelWeights(setup.Model, share.UserCount(setup.UserCount), setup.ItemCount, setup.Features?.Count ?? 0);
            foreach ((Weight table, Weight from) in own.UserTables.Zip(all.UserTables))
            {
                for (int user = 0; user < table.Rows; user++) from.Row(share.Global(user)).CopyTo(table.Row(user));
            }

            Safetensors.Write(PathOf(SaveKind.Checkpoint, worker, 0), WorkerCheckpoint.Of(new TrainingState(own)));
        }

        Publish(ServerPosition.AtStart(0, setup.Train.Workers), new SharedParameters(all, setup.Train));
    }

    /// <summary>A file that a worker fills.</summary>
    public string PathOf(SaveKind kind, int worker, int shard) =>
        Path.Combine(Filling(kind), kind == SaveKind.Checkpoint ? WorkerFile(worker) : TrainedModel.UserFile(shard));

    /// <summary>Ends a checkpoint of which the workers' files are there.</summary>
    public void Publish(ServerPosition position, SharedParameters shared)
    {
        string filling = Filling(SaveKind.Checkpoint), final = Path.Combine(directory, $"{Prefix}{position.Epoch:D6}-{position.Round:D6}");
        IEnumerable<StoredTensor> momentum = shared.Tables.Zip(shared.Momentum).Where(pair => pair.Second.Length > 0)
            .Select(pair => new StoredTensor(pair.First.Name + Momentum, pair.Second, pair.First.Rows, pair.First.Columns));
        Safetensors.Write(Path.Combine(filling, TrainedModel.SharedFile), TrainedModel.SharedOf(shared.Weights).Concat(momentum),
            new Dictionary<string, string> { [PositionKey] = JsonSerializer.Serialize(position, Json) });
        if (Directory.Exists(final)) Directory.Delete(final, recursive: true);
        StageDirectory.Rename(filling, final);
        foreach (string older in Whole().Where(other => other != final)) Directory.Delete(older, recursive: true);
    }

    /// <summary>Ends a model of which the workers' files are there.</summary>
    public void PublishModel(ModelWeights shared)
    {
        shared.ComposeItems();
        string filling = Filling(SaveKind.Model), old = ModelDirectory + ".old";
        Safetensors.Write(Path.Combine(filling, TrainedModel.SharedFile), TrainedModel.SharedOf(shared));
        if (Directory.Exists(ModelDirectory)) StageDirectory.Rename(ModelDirectory, old);
        StageDirectory.Rename(filling, ModelDirectory);
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
    }

    /// <summary>Sets the shared parameters to the last checkpoint and says where it stands; null where there is none.</summary>
    public ServerPosition? TryRestore(SharedParameters shared)
    {
        if (Whole().LastOrDefault() is not { } last) return null;
        (IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata) =
            Safetensors.Read(Path.Combine(last, TrainedModel.SharedFile));
        for (int t = 0; t < shared.Tables.Count; t++)
        {
            tensors[shared.Tables[t].Name].Floats.CopyTo(shared.Tables[t].Values);
            if (shared.Momentum[t].Length > 0) tensors[shared.Tables[t].Name + Momentum].Floats.CopyTo(shared.Momentum[t]);
        }

        return JsonSerializer.Deserialize<ServerPosition>(metadata[PositionKey], Json)!;
    }

    /// <summary>A worker's file of the last checkpoint.</summary>
    public string StateOf(int worker) => Path.Combine(Whole()[^1], WorkerFile(worker));

    private static string WorkerFile(int worker) => $"worker={worker}.safetensors";

    private string Filling(SaveKind kind) => Path.Combine(directory, $"filling-{kind}");

    private string[] Whole() => [.. Directory.GetDirectories(directory, Prefix + "*").Order(StringComparer.Ordinal)];
}
