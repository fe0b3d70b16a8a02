using System.Reflection;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>
/// A setting that there is. "Train:Epochs" is property Epochs of the section's record, which is property Train of the configuration.
/// "Train:Server:Address" stands in a group: property Server of the section is a record that holds it.
/// </summary>
public sealed class SettingKey
{
    private readonly PropertyInfo[] path; // the section, the groups, the setting

    private SettingKey(PropertyInfo[] path) => (this.path, Name) = (path, string.Join(':', path.Select(property => property.Name)));

    /// <summary>Every setting, section by section, in the order of the records.</summary>
    public static IReadOnlyList<SettingKey> All { get; } = [.. typeof(NcfSparkConfiguration).GetProperties().SelectMany(section => Within([section]))];

    public static IReadOnlyList<string> Sections { get; } = [.. All.Select(key => key.Section.Name).Distinct()];

    public string Name { get; }

    /// <summary>"Epochs" or "Server:Address".</summary>
    public string NameInSection => Name[(Section.Name.Length + 1)..];

    public PropertyInfo Section => path[0];

    public PropertyInfo Property => path[^1];

    /// <summary>Whether a backslash in it begins an escape.</summary>
    public bool HasEscapes => Property.IsDefined(typeof(EscapesAttribute));

    /// <summary>The setting of this name, in any case of letters.</summary>
    public static SettingKey? Find(string name) => All.FirstOrDefault(key => string.Equals(key.Name, name, StringComparison.OrdinalIgnoreCase));

    public static IEnumerable<SettingKey> Of(string section) => All.Where(key => key.Section.Name == section);

    /// <summary>The settings of a section or group such as "Train:Server", in any case of letters; none where there is no such group.</summary>
    public static IEnumerable<SettingKey> Under(string group) => All.Where(key => key.Name.StartsWith($"{group}:", StringComparison.OrdinalIgnoreCase));

    public object? ValueIn(NcfSparkConfiguration configuration) => path.Aggregate((object?)configuration, (owner, property) => property.GetValue(owner));

    /// <summary>
    /// Sets it. The records on the way are replaced by copies, so a configuration that shares a section with this one keeps its own value.
    /// </summary>
    public void SetIn(NcfSparkConfiguration configuration, object? value)
    {
        object owner = configuration;
        foreach (PropertyInfo group in path[..^1])
        {
            object copy = CopyOf(group.GetValue(owner)!);
            group.SetValue(owner, copy);
            owner = copy;
        }

        Property.SetValue(owner, value);
    }

    public override string ToString() => Name;

    private static IEnumerable<SettingKey> Within(PropertyInfo[] group) =>
        group[^1].PropertyType.GetProperties().Where(property => property.CanWrite).SelectMany(property =>
            IsGroup(property.PropertyType) ? Within([.. group, property]) : [new SettingKey([.. group, property])]);

    // Groups are records of ours.
    private static bool IsGroup(Type type) => type.IsClass && !type.IsArray && type.Namespace!.StartsWith(nameof(NcfSpark), StringComparison.Ordinal);

    // What `record with { }` calls.
    private static object CopyOf(object record) => record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
}
