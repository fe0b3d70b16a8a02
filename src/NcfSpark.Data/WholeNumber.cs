using System.Globalization;

namespace NcfSpark.Data;

/// <summary>
/// Which texts are ids that are whole numbers: those that read back as they stand, within 64 bits. Examples: "7", "-7", "0"; not "007", "+7", "7.0", "-0", " 7", "1e3", which as ids are
/// texts of their own. The log's columns follow the same rule.
/// </summary>
public static class WholeNumber
{
    public static bool TryRead(ReadOnlySpan<char> text, out long number)
    {
        ReadOnlySpan<char> digits = text is ['-', ..] ? text[1..] : text;
        bool readsBack = digits is ['1' or '2' or '3' or '4' or '5' or '6' or '7' or '8' or '9', ..] || text is "0";
        number = 0;
        return readsBack && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }
}
