using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace NcfSpark.Configuration;

/// <summary>The rules that a setting's attributes lay down, in words: the same ones in help and in messages.</summary>
public static class SettingRules
{
    private const string OrNull = " or null";

    /// <summary>What may stand there, such as "whole number between 1 and 100000".</summary>
    public static string Describe(SettingKey key)
    {
        string type = SettingValue.NameOf(key.Property.PropertyType);
        if (key.Property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed) return SettingValue.OneOf(Choices(allowed));
        if (key.HasEscapes) return $"{type} with escapes ({SettingEscapes.Known})";
        if (key.Property.GetCustomAttribute<RangeAttribute>() is not { } range) return type;
        return type.EndsWith(OrNull, StringComparison.Ordinal) ? $"{type[..^OrNull.Length]} {Words(range)}{OrNull}" : $"{type} {Words(range)}";
    }

    /// <summary>What is wrong with a value of the right type, or null.</summary>
    public static string? Fault(SettingKey key, object? value)
    {
        foreach (ValidationAttribute rule in key.Property.GetCustomAttributes<ValidationAttribute>().Where(rule => !rule.IsValid(value)))
        {
            string shown = SettingValue.Show(value);
            if (rule is RangeAttribute range)
            {
                return $"{shown} is not {Words(range)}{(Nullable.GetUnderlyingType(key.Property.PropertyType) is null ? "" : OrNull)}";
            }

            return rule is AllowedValuesAttribute allowed
                ? SettingValue.NotOneOf(Choices(allowed), value!)
                : $"{shown} {rule.ErrorMessage ?? rule.FormatErrorMessage(key.Name)}";
        }

        return null;
    }

    private static string Words(RangeAttribute range) => range.Maximum is int.MaxValue or (double)int.MaxValue or (double)long.MaxValue
        ? $"at least {range.Minimum}"
        : $"between {range.Minimum} and {range.Maximum}";

    private static string[] Choices(AllowedValuesAttribute allowed) => [.. allowed.Values.Select(value => $"{value}")];
}
