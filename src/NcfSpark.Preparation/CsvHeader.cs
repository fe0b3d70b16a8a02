using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>What the first line of a CSV file says of its columns.</summary>
internal static class CsvHeader
{
    private const string LikeJson = "Line 1 looks like JSON: if each line is an object, set Input:Format to \"json\".";

    private static readonly string[] UsualDelimiters = [",", ";", "\t", "|", "::"];

    /// <summary>The columns of CSV files, and how many each line has; those that folders name come after them. All files must agree.</summary>
    /// <exception cref="InvalidInputException">Columns are missing, twice, or not those of the first file; or a file is no text.</exception>
    public static (InputColumns Columns, int Count, IReadOnlyList<string> Partitions) Find(InputOptions input, InputFiles files)
    {
        string first = files.Originals[0];
        string[] partitions = Partitions.Names(files.Paths);
        List<string> header = LineOfNames(files, 0, input);
        for (int i = 1; i < files.Paths.Count; i++)
        {
            string other = files.Originals[i];
            List<string> fields = LineOfNames(files, i, input);
            if (input.Header ? !fields.SequenceEqual(header) : fields.Count != header.Count)
            {
                string there = input.Header ? string.Join(", ", fields) : $"{fields.Count}";
                string here = input.Header ? string.Join(", ", header) : $"{header.Count}";
                throw new InvalidInputException($"{other}: its columns ({there}) are not those of {first} ({here}). "
                    + $"Give all files the same columns in the same order, or let {files.Setting} name fewer files.");
            }
        }

        if (input.Header) partitions = [.. partitions.Except(header)];
        string[] names = [.. header, .. partitions];
        if (input.Header)
        {
            return (InputColumns.ByName(input, $"{first}, line 1", names, place => new InputColumn(names[place], $"c{place + 1}", SqlColumnKind.Text),
                () => HintOf(input, files, header)), header.Count, partitions);
        }

        if (header.Count == 1 && BetterDelimiter(files, input) is string hint)
        {
            throw new InvalidInputException($"{first}, line 1: there is one column only. {hint}");
        }

        return (InputColumns.ByNumber(input, $"{first}, line 1", header.Count, partitions), header.Count, partitions);
    }

    /// <summary>The columns by the first line of files that only the engine reads.</summary>
    public static (InputColumns Columns, int Count) Find(InputOptions input, string where, string firstLine)
    {
        List<string> header = (CsvRecords.Read(new StringReader(firstLine), input.Delimiter, input.Quote).FirstOrDefault().Fields
            ?? throw new InvalidInputException($"{where}, line 1 is blank: the first line must be of the table. Delete the blank lines."))
            .ConvertAll(IdText.Trim);
        return (input.Header
            ? InputColumns.ByName(input, $"{where}, line 1", header, place => new InputColumn(header[place], $"c{place + 1}", SqlColumnKind.Text), () => "")
            : InputColumns.ByNumber(input, $"{where}, line 1", header.Count, []), header.Count);
    }

    private static string HintOf(InputOptions input, InputFiles files, List<string> header)
    {
        if (Partitions.HintOf(input, files.Originals) is { Length: > 0 } folders) return folders;
        if (header[0].StartsWith('{')) return $"{LikeJson} ";
        if (BetterDelimiter(files, input) is string hint && header.Count == 1) return hint + " ";
        return header.TrueForAll(field => double.TryParse(field, out _))
            ? "The line looks like data; if the file has no line of names, set Input:Header to false and give columns by number, from 1. "
            : "";
    }

    private static string? BetterDelimiter(InputFiles files, InputOptions input)
    {
        string delimiter = input.Delimiter;
        var counts = UsualDelimiters.Where(usual => usual != delimiter)
            .Select(usual => (usual, count: FirstRecord(files.Paths[0], files.Originals[0], usual, input.Quote).Count)).ToList();
        (string best, int count) = counts.MaxBy(pair => (pair.count, pair.usual.Length));
        if (count < 2) return null;
        string said = best == "\t" ? "\\t" : best;
        return $"Split at \"{(delimiter == "\t" ? "\\t" : delimiter)}\" line 1 is one column; split at \"{said}\" it is {count}: "
            + $"set Input:Delimiter to \"{said}\".";
    }

    /// <summary>The first record of a file.</summary>
    public static List<string> FirstRecord(string file, string delimiter, string quote) => FirstRecord(file, file, delimiter, quote);

    // Two things would take a file's rows or add one, unseen (DuckDB): a quote here that does not end, and a blank line before the names.
    private static List<string> LineOfNames(InputFiles files, int index, InputOptions input)
    {
        string file = files.Originals[index];
        bool likeJson = FirstLine(files.Paths[index], file).StartsWith('{');
        long line;
        List<string>? fields;
        try
        {
            (line, fields) = CsvRecords.ReadStrictly(files.Paths[index], input.Delimiter, input.Quote, file).FirstOrDefault();
        }
        catch (InvalidInputException fault) when (likeJson)
        {
            throw new InvalidInputException($"{fault.Message} {LikeJson}", fault);
        }

        if (fields is null) throw IsEmpty(file);
        if (input.Header && line > 1)
        {
            throw new InvalidInputException($"{file}, line 1 is blank: the line of names must be the first. Delete the blank lines before line {line}.");
        }

        return fields.ConvertAll(IdText.Trim);
    }

    private static List<string> FirstRecord(string path, string file, string delimiter, string quote)
    {
        FirstLine(path, file);
        return CsvRecords.Read(path, delimiter, quote).Select(record => record.Fields.ConvertAll(IdText.Trim)).FirstOrDefault() ?? throw IsEmpty(file);
    }

    // As far as it is among the first letters; refused where it is no UTF-8.
    private static string FirstLine(string path, string file)
    {
        using StreamReader reader = CsvRecords.OpenExactly(path);
        char[] start = new char[4096];
        int length = reader.ReadBlock(start);
        string firstLine = new string(start, 0, length).TrimStart('\r', '\n').Split('\n', 2)[0];
        if (firstLine.Contains(CsvRecords.NoUtf8))
        {
            throw new InvalidInputException(
                $"{file}, line 1 is not valid UTF-8. Save the file as UTF-8; a file in Latin-1 is converted by: iconv -f latin1 -t utf-8.");
        }

        return firstLine;
    }

    private static InvalidInputException IsEmpty(string file) =>
        new($"{file} is empty: it has no line that says anything. Check what wrote it, or name another file.");
}
