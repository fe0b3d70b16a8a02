using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NcfSpark.Configuration;

/// <summary>What the XML documentation beside each assembly says of settings and sections, so that help is written once, in the code.</summary>
public static partial class SettingDocs
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, string>> Summaries = new();

    /// <summary>The summary of a setting's property, on one line; "" where there is none.</summary>
    public static string Of(SettingKey key) => Summary($"P:{key.Property.DeclaringType!.FullName}.{key.Property.Name}", key.Property.DeclaringType.Assembly);

    /// <summary>The summary of a section's record, without its own name: "how the network is fitted."</summary>
    public static string OfSection(string section)
    {
        Type type = typeof(NcfSparkConfiguration).GetProperty(section)!.PropertyType;
        string summary = Summary($"T:{type.FullName}", type.Assembly), opening = $"Section {section}: ";
        return summary.StartsWith(opening, StringComparison.Ordinal) ? summary[opening.Length..] : summary;
    }

    private static string Summary(string member, Assembly assembly) => Summaries.GetOrAdd(assembly, Load).GetValueOrDefault(member, "");

    private static IReadOnlyDictionary<string, string> Load(Assembly assembly)
    {
        string path = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml");
        if (!File.Exists(path)) return new Dictionary<string, string>(); // somebody took it away: help has names, types and ranges still
        return XDocument.Load(path).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => Text(member.Element("summary")!));
    }

    private static string Text(XElement summary)
    {
        IEnumerable<string> parts = summary.DescendantNodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { IsEmpty: true } reference => (reference.Attribute("cref") ?? reference.Attribute("langword"))?.Value.Split('.')[^1] ?? "",
            _ => "",
        });
        return Whitespace().Replace(string.Concat(parts), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
