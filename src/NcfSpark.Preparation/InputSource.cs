using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Files of interactions as a view of an engine.</summary>
/// <param name="Files">The files.</param>
/// <param name="View">The view's name.</param>
/// <param name="Columns">The columns of it that matter.</param>
/// <param name="Csv">How the files are laid out; null for Parquet.</param>
internal sealed record InputSource(InputFiles Files, string View, InputColumns Columns, CsvLayout? Csv)
{
    /// <summary>Makes the files a view, having found their columns.</summary>
    /// <exception cref="InvalidInputException">The files are not whole, or lack a column.</exception>
    public static InputSource Open(ISqlEngine engine, InputOptions input, InputFiles files, string view)
    {
        FileCheck.CheckWhole(files);
        if (!files.IsParquet)
        {
            (InputColumns columns, int count) = CsvHeader.Find(input, files);
            var layout = new CsvLayout(input.Delimiter, input.Header, count, input.MaxBadRows < long.MaxValue ? input.MaxBadRows + 1 : long.MaxValue);
            engine.ReadCsv(view, files.Paths, layout);
            return new InputSource(files, view, columns, layout);
        }

        IReadOnlyList<SqlColumn> found = engine.ReadParquet(view, files.Paths);
        InputColumn At(int place) => found[place].Kind == SqlColumnKind.Text
            ? new InputColumn(found[place].Name, $"CAST({engine.Dialect.Quoted(found[place].Name)} AS STRING)", SqlColumnKind.Text)
            : new InputColumn(found[place].Name, engine.Dialect.Quoted(found[place].Name), found[place].Kind);
        return new InputSource(files, view, InputColumns.ByName(input, files.Paths[0], [.. found.Select(column => column.Name)], At, () => ""), null);
    }
}
