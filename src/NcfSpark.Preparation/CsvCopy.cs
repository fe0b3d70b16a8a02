using System.Text;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// CSV with quotes, line breaks or bytes of which engines make different things, as a copy that all read alike: a line for each line, fields parted by
/// <see cref="JsonLines.Delimiter"/>, no quotes. The rules of <see cref="CsvRecords"/> hold, and these:
/// <list type="bullet">
/// <item>A line with letters after a closing quote, or with bytes that are no UTF-8, is a bad row, and the next line is read by itself.</item>
/// <item>A quoted field may go over lines. Where it does not end, or the row so made does not fit, or a whole line within would be a row by itself
/// (else two stray quotes would take the rows between them), the line that it begins on is a bad row, and the next line is read by itself.</item>
/// </list>
/// A bad row is in the copy with its reason before it.
/// </summary>
/// <param name="layout">Of the files.</param>
/// <param name="used">Columns that are read; what others hold is of no matter.</param>
internal sealed class CsvCopy(CsvLayout layout, IEnumerable<InputColumn> used)
{
    private const string BadlyQuoted = "a quoted field does not end, or goes on after its closing quote: close it, and double it where a quote is meant; "
        + "if quotes are letters like others in this file, set Input:Quote to \"\"";
    private const char Told = '\ufdd0'; // between a reason and its line; no letter of any text
    private const int MostLines = 1000, MostLetters = 1 << 20; // of a record; beyond, a quote was forgotten

    private readonly (string Name, int Place)[] used = [.. used.Select(column => (column.Name, int.Parse(column.Sql.AsSpan(1)) - 1))
        .Where(column => column.Item2 < layout.Columns)];

    /// <summary>How the copies are laid out.</summary>
    public CsvLayout Layout => layout with { Delimiter = JsonLines.Delimiter, Quote = "" };

    /// <summary>Copies the files into the scratch folder.</summary>
    public InputFiles Of(InputFiles files, ScratchFolder scratch) => StagedFiles.CopyEach(files, scratch, (path, copy, _) => Copy(path, copy));

    /// <summary>A line of a copy that is no row: its reason, and the line as it was. Null for other lines.</summary>
    public static (string Reason, string Line)? Split(string line) => line.Split(Told, 2) is [var reason, var rest] ? (reason, rest) : null;

    /// <summary>The query of reasons and how many lines have each.</summary>
    /// <param name="view">Of rejected lines.</param>
    public static string CountReasons(SqlDialect dialect, string view) =>
        $"SELECT split_part(coalesce(text, ''), {dialect.Literal($"{Told}")}, 1), count(*) FROM {view} GROUP BY 1";

    private void Copy(string path, string copy)
    {
        using StreamReader reader = CsvRecords.OpenExactly(path);
        using var writer = new StreamWriter(copy, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16) { NewLine = "\n" };
        var ahead = new Queue<string>(); // lines that were looked at to find the end of a quote
        while ((ahead.TryDequeue(out string? line) ? line : reader.ReadLine()) is { } first)
        {
            (string row, int more) = Row(first, Following());
            writer.WriteLine(row);
            for (; more > 0; more--)
            {
                ahead.Dequeue();
                writer.WriteLine(); // lines keep their numbers
            }
        }

        IEnumerable<string> Following()
        {
            foreach (string line in ahead.ToArray()) yield return line;
            while (reader.ReadLine() is { } line)
            {
                ahead.Enqueue(line);
                yield return line;
            }
        }
    }

    // What the copy has for the row that begins with a line, and how many more lines it takes.
    private (string Row, int More) Row(string line, IEnumerable<string> following)
    {
        if (line.All(letter => letter <= ' ')) return ("", 0);
        if (line.Contains(CsvRecords.NoUtf8)) return (Bad("it is not valid UTF-8: save the file as UTF-8", line), 0);
        (List<string> fields, bool ends, bool fits) = Parse(line);
        int more = 0;
        if (fits && !ends) (fields, ends, more) = Joined(line, following);
        if (!fits || !ends) return (Bad(BadlyQuoted, line), 0);
        int count = fields.Count;
        if (!CsvRecords.Fit(fields, layout.Columns)) return (Bad($"it does not have the {layout.Columns} columns of the first line (it has {count})", line), 0);
        foreach ((string name, int place) in used)
        {
            if (!fields[place].AsSpan().ContainsAny('\n', JsonLines.Delimiter[0])) continue;
            return (Bad($"column {name} holds '{ShownText.Of(fields[place])}', {BadRows.NoLetter(fields[place])}", line), more);
        }

        return (string.Join(JsonLines.Delimiter, fields.Select(field => field.Replace('\n', ' ').Replace(JsonLines.Delimiter[0], ' '))), more);
    }

    private (List<string> Fields, bool Ends, int More) Joined(string line, IEnumerable<string> following)
    {
        var text = new StringBuilder(line);
        (int more, bool hasRowWithin) = (0, false);
        foreach (string next in following.Take(MostLines))
        {
            if (next.Contains(CsvRecords.NoUtf8) || text.Append('\n').Append(next).Length > MostLetters) break;
            more++;
            if (next.Contains(layout.Quote[0]))
            {
                (List<string> fields, bool ends, bool fits) = Parse(text.ToString());
                if (!fits) break;
                if (ends) return (fields, !hasRowWithin && CsvRecords.Fit([.. fields], layout.Columns), more);
            }

            hasRowWithin |= next.Length > 0 && Parse(next) is (var row, true, true) && CsvRecords.Fit(row, layout.Columns);
        }

        return ([], false, 0);
    }

    private (List<string> Fields, bool Ends, bool Fits) Parse(string text) =>
        layout.Quote.Length == 0 || !text.Contains(layout.Quote[0])
            ? ([.. text.Split(layout.Delimiter)], true, true)
            : CsvRecords.Parse(text, layout.Delimiter, layout.Quote);

    private static string Bad(string reason, string line) => $"{reason}{Told}{JsonLines.Kept(line)}";
}
