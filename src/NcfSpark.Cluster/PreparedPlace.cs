using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Cluster;

/// <summary>Where executors that do not see the run directory read the prepared rows.</summary>
internal static class PreparedPlace
{
    /// <summary>
    /// As <see cref="StageDirectory.ForSpark"/>. Where Spark wrote them at a path outside the run, which has a copy, the manifest there is looked at.
    /// </summary>
    /// <exception cref="InvalidInputException">Those there are others, or gone.</exception>
    public static string? Of(IClusterEngine engine, StageDirectory prepared)
    {
        string? path = prepared.ForSpark;
        if (path is null || path != prepared.Manifest.WrittenAt) return path;
        string manifest = $"{path}/{StageManifest.FileName}", found;
        try
        {
            string text = string.Join('\n',
                engine.Query($"SELECT value FROM text.`{manifest.Replace("`", "``", StringComparison.Ordinal)}`").Select(row => row[0]));
            found = JsonDocument.Parse(text).RootElement.GetProperty("fingerprint").GetString()!;
        }
        catch (Exception cause) when (cause is SqlEngineException or JsonException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{prepared.Path} is a copy of what Spark wrote to {path}, where Spark reads the rows for tasks, and it does not "
                + $"read {manifest}: {cause.Message.Split('\n')[0]} `prepare` them again.", cause);
        }

        return found == prepared.Manifest.Fingerprint
            ? path
            : throw new InvalidInputException($"{path}, where Spark reads the rows for tasks, holds other rows than {prepared.Path}: fingerprint {found} "
                + $"there, {prepared.Manifest.Fingerprint} here. Copy the one to the other.");
    }
}
