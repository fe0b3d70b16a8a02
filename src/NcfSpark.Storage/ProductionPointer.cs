using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// The object `current` of a run in object storage. It says which night is in production, and where its predictions are, for readers that can only list and
/// get. It is changed by conditional writes (If-Match) alone.
/// </summary>
/// <remarks>
/// A process that takes the run's lease writes its token here before all else. So one that was frozen past its lease holds the ETag of an object that was
/// written since, and cannot put anything into production, however short the moment between its last look at the lease and its write.
/// </remarks>
/// <param name="Night">The night in production; null where there is none yet.</param>
/// <param name="Predictions">The prefix of its predictions in the run, such as 2026-11-24/predictions/1f9c2b7e0a4d5e6f/; null where there is none yet.</param>
/// <param name="Manifests">SHA-256 of the manifest of each stage of the night.</param>
/// <param name="Since">When it was put into production.</param>
/// <param name="Token">Of the lease of the process that wrote this last.</param>
internal sealed record ProductionPointer(string? Night, string? Predictions, IReadOnlyDictionary<string, string>? Manifests, DateTimeOffset? Since, long Token)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static ProductionPointer None { get; } = new(null, null, null, null, 0);

    /// <exception cref="InvalidInputException">Something else wrote the object.</exception>
    public static ProductionPointer Read(StoredBytes bytes, ObjectPlace place)
    {
        try
        {
            ProductionPointer? read = JsonSerializer.Deserialize<ProductionPointer>(bytes.Bytes, Json);
            if (read is not null && (read.Night is null || RunNights.IsName(read.Night))) return read;
            throw new JsonException("it names no night");
        }
        catch (JsonException cause)
        {
            throw new InvalidInputException($"{place} does not say which night is in production ({cause.Message}): NcfSpark did not write it.", cause);
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}
