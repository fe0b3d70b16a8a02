using System.Reflection;
using NcfSpark.Data;

namespace NcfSpark.Configuration;

/// <summary>A setting that there is: "Train:Epochs" is property Epochs of the section's record, which is property Train of the configuration.</summary>
public sealed record SettingKey(PropertyInfo Section, PropertyInfo Property)
{
    /// <summary>Every setting, section by section, in the order of the records.</summary>
    public static IReadOnlyList<SettingKey> All { get; } =
    [
        .. typeof(NcfSparkConfiguration).GetProperties().SelectMany(section =>
            section.PropertyType.GetProperties().Where(property => property.CanWrite).Select(property => new SettingKey(section, property))),
    ];

    public static IReadOnlyList<string> Sections { get; } = [.. All.Select(key => key.Section.Name).Distinct()];

    /// <summary>Whether a backslash in it begins an escape.</summary>
    public bool HasEscapes => Property.IsDefined(typeof(EscapesAttribute));

    public string Name => $"{Section.Name}:{Property.Name}";

    /// <summary>The setting of this name, in any case of letters.</summary>
    public static SettingKey? Find(string name) => All.FirstOrDefault(key => string.Equals(key.Name, name, StringComparison.OrdinalIgnoreCase));

    public static IEnumerable<SettingKey> Of(string section) => All.Where(key => key.Section.Name == section);

    public object ValueIn(NcfSparkConfiguration configuration) => Property.GetValue(Section.GetValue(configuration))!;

    public override string ToString() => Name;
}
