using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Tuning;

/// <summary>What a setting may be in a search: one of some values, or a number between two.</summary>
internal sealed class SettingRange
{
    private readonly object?[]? choices;
    private readonly double from, to;
    private readonly bool isLogarithmic;

    private SettingRange(SettingKey key, object?[] choices) => (Key, this.choices) = (key, choices);

    private SettingRange(SettingKey key, double from, double to, bool isLogarithmic) =>
        (Key, this.from, this.to, this.isLogarithmic) = (key, from, to, isLogarithmic);

    public SettingKey Key { get; }

    public static SettingRange Choice(SettingKey key, object?[] choices) => new(key, choices);

    public static SettingRange Logarithmic(SettingKey key, double from, double to) => new(key, from, to, isLogarithmic: true);

    private bool IsWhole => NumberType(Key) == typeof(int);

    /// <summary>
    /// The range as a search file has it; else null, and in <paramref name="problem"/> what is wrong with it, to be read after the setting's name.
    /// </summary>
    public static SettingRange? Read(SettingKey key, JsonElement given, out string? problem) => given.ValueKind switch
    {
        JsonValueKind.Array => ReadChoices(key, given, out problem),
        JsonValueKind.Object => ReadBounds(key, given, out problem),
        _ => Nothing(out problem, $": {SettingValue.Show(given)} is no range. Write a list of values, such as [{SettingValue.Show(given)}], "
            + "or {{ \"From\": 0.001, \"To\": 0.1, \"Scale\": \"log\" }}"),
    };

    /// <summary>A value, the same for the same stream and place. Numbers between bounds have 3 digits, so that they can be read and copied.</summary>
    public object? Draw(RandomStream stream, long place)
    {
        if (choices is not null) return choices[stream.Below(place, choices.Length)];
        // Both ends are as likely as any other.
        if (IsWhole && !isLogarithmic) return (int)(from + stream.Below(place, (long)(to - from) + 1));
        double unit = stream.Unit(place), value = isLogarithmic ? from * Math.Pow(to / from, unit) : from + unit * (to - from);
        if (IsWhole) return (int)Math.Round(value);
        return Math.Clamp(double.Parse(value.ToString("G3")), from, to);
    }

    private static SettingRange? ReadChoices(SettingKey key, JsonElement given, out string? problem)
    {
        problem = null;
        var values = new List<object?>();
        foreach (JsonElement choice in given.EnumerateArray())
        {
            values.Add(Value(key, choice, out problem));
            if (problem is not null) return null;
        }

        return values.Count == 0 ? Nothing(out problem, " has no choices: name at least one") : Something(new SettingRange(key, [.. values]), out problem);
    }

    private static SettingRange? ReadBounds(SettingKey key, JsonElement given, out string? problem)
    {
        JsonObject bounds = JsonObject.Create(given)!;
        if (NumberType(key) != typeof(double) && NumberType(key) != typeof(int))
        {
            return Nothing(out problem, $" is {SettingRules.Describe(key)}, not a number that lies between two: give a list of its values");
        }

        if (bounds.FirstOrDefault(bound => bound.Key is not ("From" or "To" or "Scale")).Key is { } unknown)
        {
            return Nothing(out problem, $" has {unknown}; a range has From, To and, where it likes, Scale (\"linear\" or \"log\")");
        }

        if (bounds["From"] is not { } low || bounds["To"] is not { } high) return Nothing(out problem, " lacks From or To: a range has both");
        string scale = bounds["Scale"]?.ToString() ?? "linear";
        if (scale is not ("linear" or "log")) return Nothing(out problem, $" has Scale {SettingValue.Show(scale)}, and can have \"linear\" or \"log\"");
        if (Value(key, JsonSerializer.SerializeToElement(low), out problem) is not { } from) return null;
        if (Value(key, JsonSerializer.SerializeToElement(high), out problem) is not { } to) return null;
        (double least, double most) = (Convert.ToDouble(from), Convert.ToDouble(to));
        if (least >= most) return Nothing(out problem, $" goes from {least} to {most}: From must be below To");
        if (scale == "log" && least <= 0) return Nothing(out problem, $" goes from {least}, which has no logarithm: let From be above 0, or Scale \"linear\"");
        return Something(new SettingRange(key, least, most, scale == "log"), out problem);
    }

    private static Type NumberType(SettingKey key) => Nullable.GetUnderlyingType(key.Property.PropertyType) ?? key.Property.PropertyType;

    private static object? Value(SettingKey key, JsonElement given, out string? problem)
    {
        object? value = SettingValue.Convert(given, key.Property.PropertyType, out problem);
        problem = problem is not null ? $": {problem}" : SettingRules.Fault(key, value) is { } fault ? $": {fault}" : null;
        return problem is null ? value : null;
    }

    private static SettingRange? Nothing(out string? problem, string what)
    {
        problem = what;
        return null;
    }

    private static SettingRange Something(SettingRange range, out string? problem)
    {
        problem = null;
        return range;
    }
}
