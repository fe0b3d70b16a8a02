using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs;

/// <summary>Prints the reference of the settings, or the settings that a run was made with. It needs no configuration and writes nothing.</summary>
internal static class SettingsJob
{
    public const string Name = "settings";

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
        output.WriteLine(RecordedSettings.TextOf(run.Directory, sections));
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
}
