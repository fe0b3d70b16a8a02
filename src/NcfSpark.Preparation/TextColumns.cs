using NcfSpark.Data;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>Reads columns, as text, of the files that stand beside the log: items' titles, lists, pairs to score. CSV with a header and commas, or Parquet.</summary>
public static class TextColumns
{
    private const int RowsOfPart = 1 << 16;
    private const int NumbersOfPart = 1 << 19; // 4 MB a column
    private const int RowsOfLargeGroup = 1 << 20; // as text some 100 MB

    /// <param name="path">A file, folder or glob.</param>
    /// <param name="setting">The setting that names it, for messages.</param>
    /// <param name="columns">The columns.</param>
    /// <returns>Each column whole, row by row in the order of the files.</returns>
    /// <exception cref="InvalidInputException">A file is missing, cut short, lacks a column, or has a row without a value that is needed.</exception>
    public static string[][] Read(string path, string setting, params TextColumn[] columns)
    {
        string[][][] parts = [.. Stream(path, setting, columns)];
        return [.. columns.Select((_, c) => parts.SelectMany(part => part[c]).ToArray())];
    }

    /// <summary>The same in parts of some ten thousand rows (of Parquet, a row group where it is no larger than a million rows), read as they are asked for: for files that may be large.</summary>
    /// <inheritdoc cref="Read(string, string, TextColumn[])"/>
    public static IEnumerable<string[][]> Stream(string path, string setting, params TextColumn[] columns)
    {
        InputFiles files = InputFiles.Find(path, "auto", setting);
        FileCheck.CheckWhole(files);
        return files.Paths.SelectMany(file => files.IsParquet ? ReadParquet(file, columns) : ReadCsv(file, columns));
    }

    /// <summary>The same for ids: as arrays of long where both columns of a Parquet file hold whole numbers, of string elsewhere.</summary>
    /// <inheritdoc cref="Read(string, string, TextColumn[])"/>
    public static IEnumerable<Array[]> StreamIds(string path, string setting, params TextColumn[] columns)
    {
        InputFiles files = InputFiles.Find(path, "auto", setting);
        FileCheck.CheckWhole(files);
        return files.Paths.SelectMany(IEnumerable<Array[]> (file) => !files.IsParquet ? ReadCsv(file, columns) : columns.All(column => ParquetColumns.IsWholeNumber(file, column.Name)) ? ReadNumbers(file, columns) : ReadParquet(file, columns));
    }

    private static IEnumerable<long[][]> ReadNumbers(string file, TextColumn[] columns)
    {
        foreach (TextColumn column in columns)
        {
            if (ParquetSlices.FirstMissing(file, column.Name) is long row) throw Missing(file, column, row);
        }

        return ParquetSlices.ReadNumbers(file, [.. columns.Select(column => column.Name)], NumbersOfPart);
    }

    private static InvalidInputException Missing(string file, TextColumn column, long row) => new($"{file}, column {column.Name}: a value is missing or empty (row {row}, from 0). Give it a value, or take the row out.");

    private static IEnumerable<string[][]> ReadParquet(string file, TextColumn[] columns)
    {
        long before = 0;
        foreach (string[][] part in Parts(file, [.. columns.Select(column => column.Name)]))
        {
            for (int c = 0; c < columns.Length; c++)
            {
                if (!columns[c].MayBeEmpty && Array.IndexOf(part[c], "") is >= 0 and int row) throw Missing(file, columns[c], before + row);
            }

            before += part[0].Length;
            yield return part;
        }
    }

    private static IEnumerable<string[][]> Parts(string file, string[] columns)
    {
        bool slices = ParquetGroups.GroupSizes(file).Any(rows => rows > RowsOfLargeGroup) && columns.All(column => ParquetColumns.IsStringOrWholeNumber(file, column));
        return slices ? ParquetSlices.ReadAsText(file, columns, RowsOfPart) : ParquetGroups.ReadAsText(file, columns);
    }

    private static IEnumerable<string[][]> ReadCsv(string file, TextColumn[] columns)
    {
        List<string>? header = null;
        int[] places = [];
        List<string>[] part = [.. columns.Select(_ => new List<string>())];
        foreach ((long line, List<string> fields) in CsvRecords.Read(file, ","))
        {
            if (header is null)
            {
                header = fields;
                places = Array.ConvertAll(columns, column => PlaceOf(file, header, column));
                continue;
            }

            if (fields.Count != header.Count) throw new InvalidInputException($"{file}, line {line}: there are {fields.Count} columns where the header has {header.Count}. A field with a comma must be quoted by \".");
            for (int c = 0; c < columns.Length; c++)
            {
                if (fields[places[c]].Length == 0 && !columns[c].MayBeEmpty) throw new InvalidInputException($"{file}, line {line}, column {columns[c].Name}: it is empty. Give it a value, or take the line out.");
                part[c].Add(fields[places[c]]);
            }

            if (part[0].Count < RowsOfPart) continue;
            yield return Array.ConvertAll(part, column => column.ToArray());
            foreach (List<string> column in part) column.Clear();
        }

        if (header is null) throw new InvalidInputException($"{file} has no line: a header with the column{(columns.Length == 1 ? "" : "s")} {string.Join(" and ", columns.Select(column => column.Name))} is wanted.");
        yield return Array.ConvertAll(part, column => column.ToArray());
    }

    private static int PlaceOf(string file, List<string> header, TextColumn wanted)
    {
        int place = header.IndexOf(wanted.Name);
        if (place >= 0) return place;
        string nearest = NearestName.Of(wanted.Name, header) is string name ? $" Did you mean {name}?" : "";
        throw new InvalidInputException($"{file}, line 1: there is no column {wanted.Name}; there are {string.Join(", ", header)}.{nearest} Set {wanted.Setting}.");
    }
}
