using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Pipeline;

/// <summary>history.json of a model's directory.</summary>
/// <param name="BestEpoch">The epoch whose weights the model has, from 1.</param>
/// <param name="Epochs">All epochs, in order.</param>
internal sealed record TrainingHistory(int BestEpoch, IReadOnlyList<EpochRecord> Epochs)
{
    public const string FileName = "history.json";

    /// <summary>What each worker did in each epoch; empty where there was no server.</summary>
    public IReadOnlyList<WorkerRecord> Workers { get; init; } = [];

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
}
