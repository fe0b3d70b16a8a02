using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NcfSpark.Preparation.Tests;

/// <summary>Reads a log letter by letter, with nothing of the product: the rows, or null where a line is not as it should be.</summary>
internal static class SlowReader
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Stands for bytes that are no UTF-8: a field that holds it cannot be used.</summary>
    public const char NoUtf8 = '\uE000';

    private static readonly Encoding Lenient = Encoding.GetEncoding("utf-8", EncoderFallback.ExceptionFallback, new DecoderReplacementFallback($"{NoUtf8}"));

    /// <summary>All records of a CSV file; those with a wrong count of fields, or with <see cref="NoUtf8"/>, too.</summary>
    public static List<string[]>? Csv(byte[] bytes, char delimiter, char? quote)
    {
        string text = WithoutMark(Lenient.GetString(bytes));
        var records = new List<string[]>();
        int at = 0;
        while (at < text.Length)
        {
            // A blank line, which has no letter beyond U+0020, is none.
            int end = at;
            while (end < text.Length && text[end] is <= ' ' and not ('\r' or '\n')) end++;
            if (end == text.Length || text[end] is '\r' or '\n')
            {
                at = end + 1;
                continue;
            }

            var fields = new List<string>();
            while (true)
            {
                var field = new StringBuilder();
                int start = at;
                while (start < text.Length && text[start] == ' ') start++;
                if (start < text.Length && text[start] == quote) at = start;
                if (quote is not null && at < text.Length && text[at] == quote)
                {
                    at++;
                    while (true)
                    {
                        if (at == text.Length) return null; // a quote that does not end
                        if (text[at] != quote) field.Append(text[at++]);
                        else if (at + 1 < text.Length && text[at + 1] == quote) (_, at) = (field.Append(quote), at + 2);
                        else break;
                    }

                    at++;
                    while (at < text.Length && text[at] == ' ') at++;
                    if (at < text.Length && text[at] != delimiter && text[at] is not ('\r' or '\n')) return null; // letters after the closing quote
                }
                else
                {
                    while (at < text.Length && text[at] != delimiter && text[at] is not ('\r' or '\n')) field.Append(text[at++]);
                }

                fields.Add(field.ToString());
                if (at == text.Length || text[at] != delimiter) break;
                at++;
            }

            records.Add([.. fields]);
        }

        return records;
    }

    /// <summary>The fields of each object of JSON lines, "" where there is none.</summary>
    public static List<string[]>? Json(byte[] bytes, string[] names)
    {
        if (Text(bytes) is not { } text) return null;
        var rows = new List<string[]>();
        foreach (string line in text.Split(["\r\n", "\n", "\r"], StringSplitOptions.None).Where(line => line.Trim().Length > 0))
        {
            try
            {
                if (JsonNode.Parse(line) is not JsonObject fields) return null;
                rows.Add([.. names.Select(
                    name => fields[name] is not { } node ? "" : node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString())]);
            }
            catch (Exception cause) when (cause is JsonException or ArgumentException or InvalidOperationException)
            {
                return null;
            }
        }

        return rows;
    }

    private static string? Text(byte[] bytes)
    {
        try
        {
            return WithoutMark(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string WithoutMark(string text) => text.StartsWith('\ufeff') ? text[1..] : text;
}
