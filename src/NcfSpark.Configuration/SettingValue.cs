using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>From JSON, or from the text of an environment variable or of --set, to the type of a setting.</summary>
public static class SettingValue
{
    private static readonly Type Weights = typeof(SortedDictionary<string, double>);
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // for terminals, not for HTML

    /// <summary>
    /// The value, or in <paramref name="problem"/> what is wrong with it, to be read after the name of the setting. null is a value
    /// of a setting that may be left open (a nullable type); on a command line it is the word null.
    /// </summary>
    public static object? Convert(JsonElement given, Type nullableType, out string? problem)
    {
        problem = null;
        Type type = Nullable.GetUnderlyingType(nullableType) ?? nullableType;
        if (type != nullableType && (given.ValueKind == JsonValueKind.Null || (given.ValueKind == JsonValueKind.String && given.GetString() == "null")))
        {
            return null;
        }

        JsonElement value = given.ValueKind == JsonValueKind.String ? Unquoted(given, type) : given;
        if (IsRecords(type)) return Records(value, type.GetElementType()!, out problem);
        object? converted = type == Weights ? WeightsOf(value) : type.IsArray ? List(value, type.GetElementType()!) : One(value, type);
        problem = converted is not null ? null
            : type == typeof(bool) ? $"{Show(given)} is neither true nor false"
            : type.IsEnum ? NotOneOf([.. Choices(type), .. type == nullableType ? [] : (string[])["null"]], given)
            : IsHuge(value, type) ? $"{Show(given)} is too large"
            : $"{Show(given)} is no {NameOf(type)}";
        return converted;
    }

    /// <summary>A value as one would write it in a configuration file.</summary>
    public static string Show(object? value) => JsonSerializer.Serialize(value, Json);

    /// <summary>An enumeration's values as settings spell them.</summary>
    public static string[] Choices(Type type) => [.. Enum.GetValues(type).Cast<object>().Select(value => Show(value).Trim('"'))];

    /// <summary>Says that a value is none of these, and which was probably meant.</summary>
    public static string NotOneOf(string[] choices, object given)
    {
        string fault = $"{Show(given)} is not {OneOf(choices)}";
        return NearestName.Of($"{given}", choices) is { } meant ? $"{fault}; did you mean \"{meant}\"?" : fault;
    }

    /// <summary>"a" or "b" or "c".</summary>
    public static string OneOf(string[] choices) => string.Join(" or ", choices.Select(Show));

    /// <summary>The type's name for people.</summary>
    public static string NameOf(Type type) =>
        Nullable.GetUnderlyingType(type) is { } given ? $"{NameOf(given)} or null"
        : type == Weights ? "object of names and numbers, or list such as view=1,purchase=10"
        : IsRecords(type) ? $"list of objects of {string.Join(", ", type.GetElementType()!.GetProperties().Where(one => one.CanWrite).Select(one => one.Name))}"
        : type.IsArray ? $"list of {NameOf(type.GetElementType()!)}s"
        : type == typeof(int) || type == typeof(long) ? "whole number"
        : type == typeof(double) ? "number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "text"
        : type.IsEnum ? OneOf(Choices(type))
        : throw new NotSupportedException($"There are no settings of type {type}: teach {nameof(SettingValue)} to read them.");

    // As in JSON, {"view": 1, "purchase": 10}, or as on a command line, view=1,purchase=10. Names keep their case; one that is there twice is none.
    private static SortedDictionary<string, double>? WeightsOf(JsonElement value)
    {
        (string Name, string Weight)[] pairs = value.ValueKind switch
        {
            JsonValueKind.Object => [.. value.EnumerateObject().Select(pair => (pair.Name, pair.Value.ToString()))],
            JsonValueKind.String when value.GetString()!.Trim().Length == 0 => [],
            JsonValueKind.String => [.. value.GetString()!.Split(',')
                .Select(pair => pair.LastIndexOf('=') is > 0 and int equals ? (pair[..equals].Trim(), pair[(equals + 1)..].Trim()) : ("", ""))],
            _ => [("", "")],
        };
        var weights = new SortedDictionary<string, double>(StringComparer.Ordinal);
        bool read = pairs.All(pair => pair.Name.Length > 0 && double.TryParse(pair.Weight, NumberStyles.Float, CultureInfo.InvariantCulture, out double weight)
            && double.IsFinite(weight) && weights.TryAdd(pair.Name, weight));
        return read ? weights : null;
    }

    // Text is text, but a list can be written as in JSON, or bare (16,8), and a string in quotes has JSON's escapes ("\t").
    private static JsonElement Unquoted(JsonElement text, Type type)
    {
        string content = text.GetString()!.Trim();
        if (type == typeof(string[]) && !content.StartsWith('['))
        {
            return JsonSerializer.SerializeToElement(content.Length == 0 ? [] : content.Split(',').Select(one => one.Trim()).ToArray());
        }

        if (type == Weights && !content.StartsWith('{')) return text;
        if (type.IsArray && !content.StartsWith('[')) content = $"[{content}]";
        else if (type != Weights && !type.IsArray && !(content.Length > 1 && content.StartsWith('"') && content.EndsWith('"'))) return text;
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

    // A list of records of ours.
    private static bool IsRecords(Type type) => type.IsArray && type.GetElementType()!.Namespace!.StartsWith(nameof(NcfSpark), StringComparison.Ordinal)
        && type.GetElementType()!.IsClass;

    private static Array? Records(JsonElement value, Type type, out string? problem)
    {
        problem = null;
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(element => element.ValueKind != JsonValueKind.Object))
        {
            problem = $"{Show(value)} is no {NameOf(type.MakeArrayType())}";
            return null;
        }

        PropertyInfo[] properties = [.. type.GetProperties().Where(property => property.CanWrite)];
        var list = Array.CreateInstance(type, value.GetArrayLength());
        for (int place = 0; place < list.Length; place++)
        {
            object record = Activator.CreateInstance(type)!;
            foreach (JsonProperty given in value[place].EnumerateObject())
            {
                PropertyInfo? property = Array.Find(properties, one => one.Name.Equals(given.Name, StringComparison.OrdinalIgnoreCase));
                object? converted = null;
                if (property is null) problem = NotOneOf([.. properties.Select(one => one.Name)], given.Name);
                else converted = Convert(given.Value, property.PropertyType, out problem);
                if (problem is not null)
                {
                    problem = $"[{place}]{(property is null ? "" : $":{property.Name}")}: {problem}";
                    return null;
                }

                property!.SetValue(record, converted);
            }

            list.SetValue(record, place);
        }

        return list;
    }

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
        if (type.IsEnum) return Array.IndexOf(Choices(type), text) is >= 0 and int place ? Enum.GetValues(type).GetValue(place) : null;
        if (type == typeof(bool)) return bool.TryParse(text, out bool flag) ? flag : null;
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, null, out int whole) ? whole : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, null, out long large) ? large : null;
        return double.TryParse(text, NumberStyles.Float, null, out double number) && double.IsFinite(number) ? number : null;
    }
}
