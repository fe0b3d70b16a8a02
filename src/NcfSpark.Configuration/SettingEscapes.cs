using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NcfSpark.Configuration;

/// <summary>
/// The escapes of a setting that is a separator or a character. In a configuration file JSON has read them already;
/// --set and the environment hand them over as they were typed: --set 'Input:Delimiter=\t'.
/// </summary>
internal static partial class SettingEscapes
{
    public const string Known = """\t \n \r \\ \" \xHH \uHHHH""";

    /// <summary>The text that is meant, or in <paramref name="problem"/> what is wrong. A single backslash is itself, and so is one at the end.</summary>
    public static string? Read(string text, out string? problem)
    {
        string? unknown = null;
        string content = text.Length > 2 && text.StartsWith('"') && text.EndsWith('"') && text.Contains('\\', StringComparison.Ordinal) ? text[1..^1] : text;
        string meant = Escape().Replace(content, escape => Of(escape.Value) ?? (unknown ??= escape.Value));
        problem = unknown is not null ? $"{SettingValue.Show(text)} holds {unknown}, which is no escape: there are {Known}"
            : meant.EnumerateRunes().Contains(Rune.ReplacementChar) ? $"{SettingValue.Show(text)} holds half a character"
            : null;
        return problem is null ? meant : null;
    }

    private static string? Of(string escape) => escape switch
    {
        "\\" => "\\",
        [_, 't'] => "\t",
        [_, 'n'] => "\n",
        [_, 'r'] => "\r",
        [_, '\\' or '"' or '/'] => escape[1..],
        [_, 'x', _, _] or [_, 'u', _, _, _, _] => $"{(char)int.Parse(escape.AsSpan(2), NumberStyles.AllowHexSpecifier, null)}",
        _ => null,
    };

    [GeneratedRegex(@"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.|$)", RegexOptions.Singleline)]
    private static partial Regex Escape();
}
