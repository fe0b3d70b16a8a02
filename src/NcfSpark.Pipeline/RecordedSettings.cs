using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Core;

namespace NcfSpark.Pipeline;

/// <summary>The settings that a run was made with, as the manifests of its stages record them.</summary>
public static class RecordedSettings
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The settings in the manifests of all finished stages, as the text of a configuration file.</summary>
    /// <param name="runDirectory">A run directory, in which the night in production counts, else the latest; or a night.</param>
    /// <param name="sections">The sections to write.</param>
    /// <exception cref="InvalidInputException">No stage has recorded them.</exception>
    public static string TextOf(string runDirectory, IReadOnlyList<string> sections)
    {
        string directory = NightIn(runDirectory);
        var found = new JsonObject();
        foreach (string stage in Stage.Names)
        {
            string manifest = Path.Combine(directory, stage, StageManifest.FileName);
            if (!File.Exists(manifest)) continue;
            foreach ((string name, JsonNode? settings) in ConfigurationOf(manifest)) found[name] = settings?.DeepClone();
        }

        if (found.Count == 0)
        {
            throw new InvalidInputException(
                $"{directory} holds no finished stage, so no settings: name a run directory, such as --of runs/mine, or a night in one.");
        }

        KeyValuePair<string, JsonNode?>[] shown = [.. sections.Where(found.ContainsKey).Select(name => KeyValuePair.Create(name, found[name]?.DeepClone()))];
        if (shown.Length == 0)
        {
            throw new InvalidInputException(
                $"No stage in {directory} used section {sections[0]}; there are the settings of {string.Join(", ", found.Select(one => one.Key))}.");
        }

        return new JsonObject(shown).ToJsonString(Json);
    }

    // In a run directory with nights: the night in production, else the latest.
    private static string NightIn(string runDirectory)
    {
        var nights = new RunNights(runDirectory);
        string? night = nights.Production ?? (nights.Names is [.., var latest] ? latest : null);
        return night is null ? runDirectory : nights.PathOf(night);
    }

    private static JsonObject ConfigurationOf(string manifest)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(manifest))?["configuration"] as JsonObject
                ?? throw new InvalidInputException($"{manifest} names no configuration: it was not written by NcfSpark, or was damaged since.");
        }
        catch (Exception cause) when (cause is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{manifest} cannot be read: {cause.Message}", cause);
        }
    }
}
