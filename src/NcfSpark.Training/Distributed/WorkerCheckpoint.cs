using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>What a checkpoint holds of a worker: its users' rows, and Adam's moments of these and of the shared weights, which are its own.</summary>
internal static class WorkerCheckpoint
{
    private const string FirstMoments = ".adam_m", SecondMoments = ".adam_v";

    public static IEnumerable<StoredTensor> Of(TrainingState state) => state.All.SelectMany(optimized => new[]
    {
        Stored(optimized.Weight, optimized.FirstMoments, FirstMoments),
        Stored(optimized.Weight, optimized.SecondMoments, SecondMoments),
    }).Concat(state.Weights.UserTables.Select(table => Stored(table, table.Memory, "")));

    public static void Restore(TrainingState state, string path)
    {
        IReadOnlyDictionary<string, StoredTensor> tensors = Safetensors.Read(path).Tensors;
        foreach (OptimizedWeight optimized in state.All)
        {
            tensors[optimized.Weight.Name + FirstMoments].Floats.CopyTo(optimized.FirstMoments);
            tensors[optimized.Weight.Name + SecondMoments].Floats.CopyTo(optimized.SecondMoments);
        }

        foreach (Weight table in state.Weights.UserTables) tensors[table.Name].Floats.CopyTo(table.Values);
    }

    private static StoredTensor Stored(Weight weight, Memory<float> values, string suffix) => new(weight.Name + suffix, values, weight.Rows, weight.Columns);
}
