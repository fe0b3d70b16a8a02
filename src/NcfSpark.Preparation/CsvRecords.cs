using System.Text;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>
/// Reads CSV record by record with the number of the line each begins on (from 1): slow beside an engine, and used where one has to be told
/// where something stands. A field may be quoted, by " unless another character or none ("") is given; doubled it is a
/// quote within. Blanks around a quoted field are no part of it, unless the delimiter begins with one. A quote after another letter of its field is
/// a letter, too. Lines end with LF, CRLF or CR. Blank lines, which have no letter beyond U+0020, are passed over, as engines do.
/// </summary>
internal static class CsvRecords
{
    /// <summary>What stands for bytes that are no UTF-8 in what <see cref="OpenExactly"/> reads: no letter of any text.</summary>
    public const char NoUtf8 = '\ufffe';

    private const string Unended = "a quote begins there that does not end";

    private static readonly Encoding Exact = Encoding.GetEncoding("utf-8", EncoderFallback.ReplacementFallback, new DecoderReplacementFallback($"{NoUtf8}"));

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

    /// <summary>The fields of a text that is no blank line; whether its last quote ends there; whether no field goes on after the quote that ends it.</summary>
    public static (List<string> Fields, bool Ends, bool Fits) Parse(string text, string delimiter, string quote)
    {
        (bool ends, bool fits) = (true, true);
        List<string> fields = Read(new StringReader(text), delimiter, quote, (_, fault) => (ends, fits) = (ends && fault != Unended, fits && fault == Unended))
            .FirstOrDefault().Fields ?? [];
        return (fields, ends, fits);
    }

    private static IEnumerable<(long Line, List<string> Fields)> Read(TextReader reader, string delimiter, string quote, Action<long, string> onFault)
    {
        int mark = quote.Length == 0 ? -1 : quote[0], closed = -1; // closed: how long a quoted field is that has ended
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
                else (quoted, closed) = (false, field.Length);
            }
            else if (lineEnd)
            {
                EndField();
                if (any) yield return (start, fields);
                (start, fields, any) = (line, [], false);
            }
            else if (letter == '\r')
            {
                // the first half of CRLF
            }
            else if (letter == mark && closed < 0 && (field.Length == 0 || IsBlank(0)))
            {
                field.Clear();
                (quoted, any) = (true, true);
            }
            else
            {
                any |= letter > ' ';
                field.Append(letter);
                if (letter == delimiter[^1] && field.Length - delimiter.Length >= closed && EndsWith(field, delimiter))
                {
                    field.Length -= delimiter.Length;
                    EndField();
                }
            }
        }

        if (quoted) onFault(start, Unended);
        EndField();
        if (any) yield return (start, fields);

        bool IsBlank(int from)
        {
            if (delimiter[0] == ' ') return false;
            for (int i = from; i < field.Length; i++)
            {
                if (field[i] != ' ') return false;
            }

            return true;
        }

        void EndField()
        {
            if (closed >= 0 && closed < field.Length)
            {
                if (IsBlank(closed)) field.Length = closed;
                else onFault(start, "a field goes on after the quote that ends it");
            }

            closed = -1;
            fields.Add(field.ToString());
            field.Clear();
        }
    }

    /// <summary>Whether a record has so many fields. Empty fields after the last column say nothing, as engines have it, and are taken away.</summary>
    public static bool Fit(List<string> fields, int columns)
    {
        while (fields.Count > columns && fields[^1].Length == 0) fields.RemoveAt(fields.Count - 1);
        return fields.Count == columns;
    }

    /// <summary>The text of a file, plain or compressed, without the mark that some programs put before UTF-8.</summary>
    public static StreamReader Open(string path) => new(Compression.Open(path), Encoding.UTF8);

    /// <summary>The same, with <see cref="NoUtf8"/> for bytes that are no UTF-8: U+FFFD is a letter that somebody wrote.</summary>
    public static StreamReader OpenExactly(string path) => new(Compression.Open(path), Exact, detectEncodingFromByteOrderMarks: false);

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
