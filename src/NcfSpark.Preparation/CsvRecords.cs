using System.Text;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>
/// Reads CSV record by record with the number of the line each begins on (from 1): slow beside an engine, and used where one has to be told
/// where something stands. Fields may be quoted, by " unless another character or none ("") is given; doubled it is a
/// quote within. Lines end with LF, CRLF or CR. Blank lines, which have no letter beyond U+0020, are passed over, as engines do.
/// </summary>
internal static class CsvRecords
{
    public static IEnumerable<(long Line, List<string> Fields)> Read(string path, string delimiter, string quote = "\"")
    {
        using StreamReader reader = Open(path);
        foreach ((long Line, List<string> Fields) record in Read(reader, delimiter, quote)) yield return record;
    }

    /// <summary>The same of a file that nothing else reads: a quote that does not end, or ends within a field, would take lines with it unseen.</summary>
    /// <param name="quote">What a field may be quoted by; "" for none.</param>
    /// <param name="named">What the file is called in messages; null: as its path.</param>
    /// <exception cref="InvalidInputException">There is one; the message says where.</exception>
    public static IEnumerable<(long Line, List<string> Fields)> ReadStrictly(string path, string delimiter, string quote, string? named = null)
    {
        using StreamReader reader = Open(path);
        foreach ((long Line, List<string> Fields) record in Read(reader, delimiter, quote,
            (line, fault) => throw new InvalidInputException(
                $"{named ?? path}, line {line}: {fault}. Double the quote if it is a letter, or set Input:Quote to \"\" if all are.")))
        {
            yield return record;
        }
    }

    public static IEnumerable<(long Line, List<string> Fields)> Read(TextReader reader, string delimiter, string quote = "\"") =>
        Read(reader, delimiter, quote, (_, _) => { });

    private static IEnumerable<(long Line, List<string> Fields)> Read(TextReader reader, string delimiter, string quote, Action<long, string> onFault)
    {
        int mark = quote.Length == 0 ? -1 : quote[0];
        var field = new StringBuilder();
        long line = 1, start = 1;
        var fields = new List<string>();
        bool quoted = false, any = false;
        int next;
        while ((next = reader.Read()) >= 0)
        {
            char letter = (char)next;
            bool lineEnd = letter == '\n' || (letter == '\r' && reader.Peek() != '\n');
            if (lineEnd) line++;
            if (quoted)
            {
                if (letter != mark) field.Append(letter);
                else if (reader.Peek() == mark) field.Append((char)reader.Read());
                else
                {
                    quoted = false;
                    if (reader.Peek() is var after && after >= 0 && after != '\r' && after != '\n' && after != delimiter[0])
                    {
                        onFault(start, "a field goes on after the quote that ends it");
                    }
                }
            }
            else if (lineEnd)
            {
                List<string> ended = Ended(fields, field);
                if (any) yield return (start, ended);
                (start, fields, any) = (line, [], false);
            }
            else if (letter == '\r')
            {
                // the first half of CRLF
            }
            else if (letter == mark && field.Length == 0)
            {
                (quoted, any) = (true, true);
            }
            else
            {
                any |= letter > ' ';
                field.Append(letter);
                if (letter == delimiter[^1] && EndsWith(field, delimiter))
                {
                    field.Length -= delimiter.Length;
                    fields.Add(field.ToString());
                    field.Clear();
                }
            }
        }

        if (quoted) onFault(start, "a quote begins there that does not end");
        if (any) yield return (start, Ended(fields, field));
    }

    /// <summary>Whether a record has so many fields. Empty fields after the last column say nothing, as engines have it, and are taken away.</summary>
    public static bool Fit(List<string> fields, int columns)
    {
        while (fields.Count > columns && fields[^1].Length == 0) fields.RemoveAt(fields.Count - 1);
        return fields.Count == columns;
    }

    /// <summary>The text of a file, plain or compressed, without the mark that some programs put before UTF-8.</summary>
    public static StreamReader Open(string path) => new(Compression.Open(path), Encoding.UTF8);

    private static List<string> Ended(List<string> fields, StringBuilder field)
    {
        fields.Add(field.ToString());
        field.Clear();
        return fields;
    }

    private static bool EndsWith(StringBuilder text, string end)
    {
        if (text.Length < end.Length) return false;
        for (int i = 0; i < end.Length; i++)
        {
            if (text[text.Length - end.Length + i] != end[i]) return false;
        }

        return true;
    }
}
