using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>The rule by which <see cref="LogSql"/> makes ids of a column of text, for ids that are read here.</summary>
internal static class IdText
{
    /// <summary>As <see cref="SqlDialect.Trimmed"/>.</summary>
    public static string Trim(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsBlank(text[start])) start++;
        while (end > start && IsBlank(text[end - 1])) end--;
        return start == 0 && end == text.Length ? text : text[start..end];
    }

    /// <summary>Whether a trimmed text says that there is no value.</summary>
    public static bool IsNothing(string trimmed, InputOptions input) => trimmed.Length == 0 || Array.IndexOf(input.NullValues, trimmed) >= 0;

    private static bool IsBlank(char letter) => letter == ' ' || (letter > 127 && SqlDialect.Blanks.Contains(letter));
}

/// <summary>Whether ids are read as texts (STRING); else as numbers (BIGINT).</summary>
internal sealed record IdTypes(bool UserIsText, bool ItemIsText);
