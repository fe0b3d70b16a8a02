using System.Text.Json.Nodes;
using NcfSpark.Data;

namespace NcfSpark.Pipeline;

/// <summary>Refuses the result of an earlier stage that was made by other settings than those of the configuration at hand.</summary>
internal static class ManifestCheck
{
    /// <param name="directory">The earlier stage's directory.</param>
    /// <param name="sections">Sections that shaped it, by name, as they are now.</param>
    /// <exception cref="InvalidInputException">A setting differs; the message names each, with both values and the cure.</exception>
    public static void Fits(StageDirectory directory, params (string Name, object Section)[] sections)
    {
        string[] differences = [.. Differences(directory, sections)];
        if (differences.Length == 0) return;
        throw new InvalidInputException(
            $"{directory.Path} was made by other settings:\n{string.Join('\n', differences)}\nRun `{StageDirectory.VerbOf(directory.Manifest.Stage)}` again (or `nightly`), or set them as they were.");
    }

    /// <summary>The settings that differ, a line each.</summary>
    public static IEnumerable<string> Differences(StageDirectory directory, params (string Name, object Section)[] sections)
    {
        foreach ((string name, object section) in sections)
        {
            JsonNode? made = directory.Manifest.Configuration.GetValueOrDefault(name);
            foreach ((string key, JsonNode? now) in SettingsJson.ResultShaping(section))
            {
                JsonNode? then = made?[key];
                if (!JsonNode.DeepEquals(then, now)) yield return $"  {name}:{key} was {then?.ToJsonString() ?? "not set"}, the configuration says {now?.ToJsonString() ?? "nothing"}";
            }
        }
    }
}
