using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Cluster;

/// <summary>The prepared rows as Spark reads them where executors do not see the run directory (Spark:PreparedPath).</summary>
internal static class PreparedCopy
{
    /// <summary>Sees that they are those of the run directory, by the manifest as `prepare` wrote it, here or through Spark.</summary>
    /// <exception cref="InvalidInputException">They are others, or not there.</exception>
    public static void Check(IClusterEngine engine, string path, string expected)
    {
        string manifest = $"{path}/{StageManifest.FileName}", found;
        try
        {
            string text = string.Join('\n',
                engine.Query($"SELECT value FROM text.`{manifest.Replace("`", "``", StringComparison.Ordinal)}`").Select(row => row[0]));
            found = JsonDocument.Parse(text).RootElement.GetProperty("fingerprint").GetString()!;
        }
        catch (Exception cause) when (cause is SqlEngineException or JsonException or KeyNotFoundException)
        {
            throw new InvalidInputException($"Spark:PreparedPath is {path}, and Spark does not read {manifest}: {cause.Message.Split('\n')[0]} Let it name the "
                + "version that `prepare` named where it wrote to --run s3a://…, or a copy of prepared/ that the executors read.", cause);
        }

        if (found != expected)
        {
            throw new InvalidInputException($"Spark:PreparedPath is {path}, which holds other rows than the run directory: "
                + $"fingerprint {found} there, {expected} here. Copy the one to the other.");
        }
    }
}
