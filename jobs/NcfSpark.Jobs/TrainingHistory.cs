using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Training;

namespace NcfSpark.Jobs;

/// <summary>history.json of a model's directory.</summary>
/// <param name="BestEpoch">The epoch whose weights the model has, from 1.</param>
/// <param name="Epochs">All epochs, in order.</param>
internal sealed record TrainingHistory(int BestEpoch, IReadOnlyList<EpochRecord> Epochs)
{
    public const string FileName = "history.json";

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
}
