using NcfSpark.Data;

namespace NcfSpark.Preparation;

/// <summary>Reads two columns, as text, of the files that stand beside the log: items' titles, pairs to score. CSV with a header and commas, or Parquet.</summary>
public static class TextColumns
{
    /// <param name="path">A file, folder or glob.</param>
    /// <param name="setting">The setting that names it, for messages.</param>
    /// <param name="first">The first column, and the setting that names it.</param>
    /// <param name="second">The second column, and the setting that names it.</param>
    /// <returns>Both columns, row by row in the order of the files; no value is empty.</returns>
    /// <exception cref="InvalidInputException">A file is missing, cut short, lacks a column, or has a row without both values.</exception>
    public static (string[] First, string[] Second) Read(string path, string setting, (string Setting, string Column) first, (string Setting, string Column) second)
    {
        InputFiles files = InputFiles.Find(path, "auto", setting);
        FileCheck.CheckWhole(files);
        var (firsts, seconds) = (new List<string>(), new List<string>());
        foreach (string file in files.Paths)
        {
            if (files.IsParquet)
            {
                firsts.AddRange(ParquetColumns.ReadAsText(file, first.Column));
                seconds.AddRange(ParquetColumns.ReadAsText(file, second.Column));
            }
            else
            {
                ReadCsv(file, first, second, firsts, seconds);
            }
        }

        return ([.. firsts], [.. seconds]);
    }

    private static void ReadCsv(string file, (string Setting, string Column) first, (string Setting, string Column) second, List<string> firsts, List<string> seconds)
    {
        List<string>? header = null;
        int firstPlace = 0, secondPlace = 0;
        foreach ((long line, List<string> fields) in CsvRecords.Read(file, ","))
        {
            if (header is null)
            {
                header = fields;
                (firstPlace, secondPlace) = (PlaceOf(file, header, first), PlaceOf(file, header, second));
                continue;
            }

            if (fields.Count != header.Count) throw new InvalidInputException($"{file}, line {line}: there are {fields.Count} columns where the header has {header.Count}. A field with a comma must be quoted by \".");
            foreach ((int place, string column) in new[] { (firstPlace, first.Column), (secondPlace, second.Column) })
            {
                if (fields[place].Length == 0) throw new InvalidInputException($"{file}, line {line}, column {column}: it is empty. Give it a value, or take the line out.");
            }

            firsts.Add(fields[firstPlace]);
            seconds.Add(fields[secondPlace]);
        }

        if (header is null) throw new InvalidInputException($"{file} has no line: a header with the columns {first.Column} and {second.Column} is wanted.");
    }

    private static int PlaceOf(string file, List<string> header, (string Setting, string Column) wanted)
    {
        int place = header.IndexOf(wanted.Column);
        if (place >= 0) return place;
        string nearest = NearestName.Of(wanted.Column, header) is string name ? $" Did you mean {name}?" : "";
        throw new InvalidInputException($"{file}, line 1: there is no column {wanted.Column}; there are {string.Join(", ", header)}.{nearest} Set {wanted.Setting}.");
    }
}
