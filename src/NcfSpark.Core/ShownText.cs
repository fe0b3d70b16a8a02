using System.Globalization;
using System.Text;

namespace NcfSpark.Core;

/// <summary>
/// A text from outside (an id, a field, a name) as messages show it: on one line, with whatever a terminal would obey
/// or hide written as an escape, and no longer than can be read.
/// </summary>
public static class ShownText
{
    /// <param name="most">The most UTF-16 units of it that are shown. A longer text ends in "…" and its length.</param>
    /// <returns>
    /// The text with \n, \r, \t and \uXXXX for control and format characters (escape codes, zero widths, marks of
    /// writing direction), line separators and halves of surrogate pairs. Everything else stands as it is, a backslash
    /// too.
    /// </returns>
    public static string Of(string text, int most = 100)
    {
        var shown = new StringBuilder();
        int place = 0;
        while (place < text.Length)
        {
            bool whole = Rune.TryGetRuneAt(text, place, out Rune rune);
            int length = whole ? rune.Utf16SequenceLength : 1;
            if (place + length > most) break;
            if (!whole || IsHidden(rune)) Escape(shown, text.AsSpan(place, length));
            else shown.Append(text, place, length);
            place += length;
        }

        return place == text.Length ? shown.ToString() : $"{shown}… ({text.Length:N0} characters)";
    }

    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;

    private static void Escape(StringBuilder shown, ReadOnlySpan<char> units)
    {
        foreach (char unit in units)
        {
            shown.Append(unit switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", _ => $"\\u{(int)unit:X4}" });
        }
    }
}
