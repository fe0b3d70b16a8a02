using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NcfSpark.Jobs.Configuration;

/// <summary>From JSON, or from the text of an environment variable or of --set, to the type of a setting.</summary>
internal static class SettingValue
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // for terminals, not for HTML

    /// <summary>The value, or in <paramref name="problem"/> what is wrong with it, to be read after the name of the setting.</summary>
    public static object? Convert(JsonElement given, Type type, out string? problem)
    {
        JsonElement value = given.ValueKind == JsonValueKind.String ? Unquoted(given, type) : given;
        object? converted = type.IsArray ? List(value, type.GetElementType()!) : One(value, type);
        problem = converted is not null ? null
            : type == typeof(bool) ? $"{Show(given)} is neither true nor false"
            : IsHuge(value, type) ? $"{Show(given)} is too large"
            : $"{Show(given)} is no {NameOf(type)}";
        return converted;
    }

    /// <summary>A value as one would write it in a configuration file.</summary>
    public static string Show(object? value) => JsonSerializer.Serialize(value, Json);

    /// <summary>The type's name for people.</summary>
    public static string NameOf(Type type) =>
        type.IsArray ? $"list of {NameOf(type.GetElementType()!)}s"
        : type == typeof(int) || type == typeof(long) ? "whole number"
        : type == typeof(double) ? "number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "text"
        : throw new NotSupportedException($"There are no settings of type {type}: teach {nameof(SettingValue)} to read them.");

    // Text is text, but a list can be written as in JSON, or bare (16,8), and a string in quotes has JSON's escapes ("\t").
    private static JsonElement Unquoted(JsonElement text, Type type)
    {
        string content = text.GetString()!.Trim();
        if (type.IsArray && !content.StartsWith('[')) content = $"[{content}]";
        else if (!type.IsArray && !(content.Length > 1 && content.StartsWith('"') && content.EndsWith('"'))) return text;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(content);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static bool IsHuge(JsonElement value, Type type) =>
        (type == typeof(int) || type == typeof(long))
        && value.ValueKind is JsonValueKind.Number or JsonValueKind.String && BigInteger.TryParse(value.ToString(), NumberStyles.AllowLeadingSign, null, out _);

    private static Array? List(JsonElement value, Type elementType)
    {
        if (value.ValueKind != JsonValueKind.Array) return null;
        var list = Array.CreateInstance(elementType, value.GetArrayLength());
        int place = 0;
        foreach (JsonElement element in value.EnumerateArray())
        {
            if (One(element, elementType) is not { } converted) return null;
            list.SetValue(converted, place++);
        }

        return list;
    }

    private static object? One(JsonElement value, Type type)
    {
        string? text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };
        if (text is null) return null;
        if (type == typeof(string)) return value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? text : null; // a column's number
        if (type == typeof(bool)) return bool.TryParse(text, out bool flag) ? flag : null;
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, null, out int whole) ? whole : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, null, out long large) ? large : null;
        return double.TryParse(text, NumberStyles.Float, null, out double number) && double.IsFinite(number) ? number : null;
    }
}
