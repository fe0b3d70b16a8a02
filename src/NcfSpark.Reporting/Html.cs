using System.Runtime.CompilerServices;
using System.Text;

namespace NcfSpark.Reporting;

/// <summary>
/// A piece of HTML or SVG. It is made only from interpolated strings, whose literal parts are markup and whose holes are text: text is
/// escaped, numbers are written plainly, and pieces of Html go in as they are. So ids and titles, which are strangers' data, cannot become markup.
/// </summary>
/// <example><c>Html.Of($"&lt;td&gt;{title}&lt;/td&gt;")</c></example>
public readonly record struct Html(string Markup)
{
    public static Html Empty { get; } = new("");

    public static Html Of(ref Builder builder) => new(builder.ToString());

    /// <summary>Pieces one after the other.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(piece => piece.Markup)));

    public override string ToString() => Markup;

    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes()) // a lone surrogate comes as U+FFFD
        {
            switch (rune.Value)
            {
                case '&': escaped.Append("&amp;"); break;
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\'': escaped.Append("&#39;"); break;
                default: escaped.Append(IsAllowed(rune) ? rune.ToString() : "\uFFFD"); break;
            }
        }

        return escaped.ToString();
    }

    // XML 1.0, production Char: SVG files are refused whole for a control character.
    private static bool IsAllowed(Rune rune) => rune.Value is '\t' or '\n' or '\r' or (>= 0x20 and not (>= 0x7F and <= 0x9F) and not 0xFFFE and not 0xFFFF);

    [InterpolatedStringHandler]
    public readonly ref struct Builder(int literalLength, int formattedCount)
    {
        private readonly StringBuilder text = new(literalLength + 16 * formattedCount);

        public void AppendLiteral(string markup) => text.Append(markup);

        public void AppendFormatted(Html piece) => text.Append(piece.Markup);

        public void AppendFormatted(IEnumerable<Html> pieces)
        {
            foreach (Html piece in pieces) text.Append(piece.Markup);
        }

        public void AppendFormatted(string? value) => text.Append(Escape(value ?? ""));

        public void AppendFormatted(int value) => text.Append(value);

        /// <summary>A coordinate: two decimals are a hundredth of a pixel.</summary>
        public void AppendFormatted(double value) => text.Append(value.ToString("0.##"));

        public override string ToString() => text.ToString();
    }
}
