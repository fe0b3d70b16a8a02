using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// Checkpoints of one training, in a directory beside the model's: model.checkpoints-FINGERPRINT. A checkpoint is one safetensors file, written
/// under another name, flushed to disk and renamed, so one that is there is whole; the last one counts, the one before it is removed after.
/// The weights of the best epoch so far stand in best.safetensors.
/// </summary>
public sealed class CheckpointStore
{
    private const string PositionKey = "position", FirstMoments = ".adam_m", SecondMoments = ".adam_v";
    private static readonly JsonSerializerOptions Json =
        new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals }; // a validation may be NaN
    private readonly string directory;

    private CheckpointStore(string directory) => this.directory = directory;

    internal string DirectoryPath => directory;

    /// <summary>Opens the checkpoints of a training that will have this fingerprint, and removes those of others.</summary>
    public static CheckpointStore Open(string runDirectory, string fingerprint)
    {
        string directory = Path.Combine(runDirectory, $"{TrainedModel.StageName}.checkpoints-{fingerprint}");
        Directory.CreateDirectory(directory);
        foreach (string other in Directory.GetDirectories(runDirectory, $"{TrainedModel.StageName}.checkpoints-*"))
        {
            if (Path.GetFileName(other) != Path.GetFileName(directory)) Directory.Delete(other, recursive: true);
        }

        return new CheckpointStore(directory);
    }

    /// <summary>Removes all checkpoints, once the model is in place.</summary>
    public void Delete() => Leftovers.TryDelete(directory);

    internal void Save(TrainingState state)
    {
        string path = Path.Combine(directory, $"{state.Position.Epoch:D6}-{state.Position.Samples:D15}.safetensors");
        IEnumerable<StoredTensor> tensors = state.All.SelectMany(optimized => new[]
        {
            Stored(optimized.Weight, optimized.Weight.Memory, ""),
            Stored(optimized.Weight, optimized.FirstMoments, FirstMoments),
            Stored(optimized.Weight, optimized.SecondMoments, SecondMoments),
        });
        var metadata = new Dictionary<string, string> { [PositionKey] = JsonSerializer.Serialize(state.Position, Json) };
        AtomicFile.Write(path, temporary => Safetensors.Write(temporary, tensors, metadata));
        foreach (string older in Checkpoints().Where(other => other != path)) File.Delete(older);
    }

    /// <summary>Sets the state to the last checkpoint; false where there is none.</summary>
    internal bool TryRestore(TrainingState state)
    {
        string? path = Checkpoints().LastOrDefault();
        if (path is null) return false;
        (IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata) = Safetensors.Read(path);
        foreach (OptimizedWeight optimized in state.All)
        {
            tensors[optimized.Weight.Name].Floats.CopyTo(optimized.Weight.Values);
            tensors[optimized.Weight.Name + FirstMoments].Floats.CopyTo(optimized.FirstMoments);
            tensors[optimized.Weight.Name + SecondMoments].Floats.CopyTo(optimized.SecondMoments);
        }

        state.Position = JsonSerializer.Deserialize<TrainingPosition>(metadata[PositionKey], Json)!;
        return true;
    }

    internal void SaveBest(ModelWeights weights) =>
        AtomicFile.Write(BestPath, temporary => Safetensors.Write(temporary, weights.All.Select(weight => Stored(weight, weight.Memory, ""))));

    internal void RestoreBest(ModelWeights weights)
    {
        IReadOnlyDictionary<string, StoredTensor> tensors = Safetensors.Read(BestPath).Tensors;
        foreach (Weight weight in weights.All) tensors[weight.Name].Floats.CopyTo(weight.Values);
    }

    private string BestPath => Path.Combine(directory, "best.safetensors");

    private string[] Checkpoints() => [.. Directory.GetFiles(directory, "*-*.safetensors").Order(StringComparer.Ordinal)];

    private static StoredTensor Stored(Weight weight, Memory<float> values, string suffix) => new(weight.Name + suffix, values, weight.Rows, weight.Columns);
}
