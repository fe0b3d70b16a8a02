using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json;

namespace NcfSpark.Core;

/// <summary>A section of the configuration as JSON, under the names that configuration files use, every value resolved.</summary>
public static class SettingsJson
{
    private static readonly JsonSerializerOptions Json = new() { IgnoreReadOnlyProperties = true };

    /// <summary>All settings of a section, in the order of its record: for manifests and reports.</summary>
    public static JsonObject All(object section) => JsonSerializer.SerializeToNode(section, section.GetType(), Json)!.AsObject();

    /// <summary>
    /// The settings that shape the result, those not marked <see cref="ExcludeFromFingerprintAttribute"/>, by name: for fingerprints. Sorted, so that
    /// the order of a record's properties is not part of a fingerprint.
    /// </summary>
    public static JsonObject ResultShaping(object section)
    {
        JsonObject all = All(section);
        var shaping = new JsonObject();
        foreach (PropertyInfo property in section.GetType().GetProperties().OrderBy(property => property.Name, StringComparer.Ordinal))
        {
            if (property.GetCustomAttribute<ExcludeFromFingerprintAttribute>() is null && all.TryGetPropertyValue(property.Name, out JsonNode? value))
            {
                shaping.Add(property.Name, value is JsonObject && property.GetValue(section) is { } group and not IDictionary
                    ? ResultShaping(group)
                    : value?.DeepClone());
            }
        }

        return shaping;
    }
}

/// <summary>
/// Marks a setting that changes how fast a result comes, or how it is shown, but never the result itself: it stays out of fingerprints,
/// so changing it does not make a finished stage stale.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ExcludeFromFingerprintAttribute : Attribute;
