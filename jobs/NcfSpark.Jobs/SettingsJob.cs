using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs;

/// <summary>Prints the reference of the settings, or the settings that a run was made with. It needs no configuration and writes nothing.</summary>
internal static class SettingsJob
{
    public const string Name = "settings";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="section">The section to print; null for all of them.</param>
    /// <param name="runDirectory">The run or night whose settings are printed instead of the reference; null for the reference.</param>
    public static void Run(string? section, string? runDirectory, TextWriter output)
    {
        IReadOnlyList<string> sections = section is null ? SettingKey.Sections : [Known(section)];
        if (runDirectory is null)
        {
            WriteReference(output, sections);
            return;
        }

        using var run = RunPlace.Look(runDirectory);
        output.WriteLine(TextOf(run.Directory, sections));
    }

    private static void WriteReference(TextWriter output, IReadOnlyList<string> sections)
    {
        foreach (string section in sections)
        {
            if (section != sections[0]) output.WriteLine();
            Help.WriteSection(output, section);
        }
    }

    private static string Known(string section) =>
        SettingKey.Sections.FirstOrDefault(known => string.Equals(known, section, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException(
            NearestName.Of(section, SettingKey.Sections) is { } meant
                ? $"{section} is no section of the settings; did you mean {meant}?"
                : $"{section} is no section of the settings; there are {string.Join(", ", SettingKey.Sections)}");

    // The settings in the manifests of all finished stages, as a configuration file.
    private static string TextOf(string runDirectory, IReadOnlyList<string> sections)
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
