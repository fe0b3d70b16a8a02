using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Files of interactions as a view of an engine.</summary>
/// <param name="Files">The files.</param>
/// <param name="View">The view's name.</param>
/// <param name="Columns">The columns of it that matter.</param>
/// <param name="Csv">How the files are laid out; null for Parquet.</param>
/// <param name="Plain">The same files for a quicker reading, where there is one.</param>
internal sealed record InputSource(InputFiles Files, string View, InputColumns Columns, CsvLayout? Csv, PlainLines? Plain = null)
{
    /// <summary>Whether the lines of its files can be read here, to say where a bad row stands.</summary>
    public bool HasLines => Csv is not null && !InputPlace.HasScheme(Files.Given);

    /// <summary>Makes what a setting names a view, having found its columns.</summary>
    /// <exception cref="InvalidInputException">It is not there, is not whole, lacks a column, or the engine does not read it.</exception>
    public static InputSource Open(ISqlEngine engine, InputOptions input, string given, string setting, string view)
    {
        if (!InputPlace.HasScheme(given))
        {
            InputFiles files = InputFiles.Find(given, input.Format, setting);
            return Readable(files, () => Open(engine, input, files, view));
        }

        if (engine is not IClusterEngine cluster) throw new InvalidInputException($"{setting} is \"{given}\", which Spark reads and {engine.Name} does not: add --master URL or --remote sc://host:port, or name files of this machine (without a scheme).");
        var elsewhere = new InputFiles(setting, given, [given], InputPlace.IsTable(given) || InputPlace.IsParquet(given, input.Format) ? InputFormat.Parquet : InputFormat.Csv);
        return Readable(elsewhere, () => OpenElsewhere(cluster, input, elsewhere, view));
    }

    /// <summary>What an engine says while it reads is about the files: a Parquet page that is damaged, a type that it does not know.</summary>
    public static T Readable<T>(InputFiles files, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqlEngineException cause) when (!cause.DiskFull && !cause.EngineLost)
        {
            string cure = InputPlace.HasScheme(files.Given)
                ? $"Mend {files.Setting}, or what it names."
                : "Copy or write the files again if they are damaged; with Spark's executors on other machines, they must lie on storage that all share.";
            throw new InvalidInputException($"{files.Name} cannot be read: {cause.Message.Trim()}\n{cure}", cause);
        }
    }

    /// <summary>Makes the files a view, having found their columns.</summary>
    /// <exception cref="InvalidInputException">The files are not whole, or lack a column.</exception>
    public static InputSource Open(ISqlEngine engine, InputOptions input, InputFiles files, string view)
    {
        FileCheck.CheckWhole(files);
        if (!files.IsParquet)
        {
            (InputColumns columns, int count) = CsvHeader.Find(input, files);
            var layout = new CsvLayout(input.Delimiter, input.Header, count, input.Quote);
            engine.ReadCsv(view, files.Paths, layout);
            return new InputSource(files, view, columns, layout, PlainLines.Open(engine, view, files, layout, () => FirstLine(files.Paths[0]), () => files.Paths.Count));
        }

        return FromColumns(engine, input, files, view, engine.ReadParquet(view, files.Paths));
    }

    private static InputSource OpenElsewhere(IClusterEngine engine, InputOptions input, InputFiles files, string view)
    {
        if (InputPlace.IsTable(files.Given)) return FromColumns(engine, input, files, view, engine.ReadTable(view, files.Given[InputPlace.TableScheme.Length..]));
        if (files.IsParquet) return FromColumns(engine, input, files, view, engine.ReadParquet(view, files.Paths));
        string line = engine.FirstLine(files.Given) ?? throw new InvalidInputException($"{files.Given} is empty. Check what wrote it, or name another place in {files.Setting}.");
        (InputColumns columns, int count) = CsvHeader.Find(input, files.Given, line);
        var layout = new CsvLayout(input.Delimiter, input.Header, count, input.Quote);
        engine.ReadCsv(view, files.Paths, layout);
        return new InputSource(files, view, columns, layout, PlainLines.Open(engine, view, files, layout, () => line, () => engine.CountFiles(files.Given)));
    }

    private static string FirstLine(string file)
    {
        using StreamReader reader = CsvRecords.Open(file);
        return reader.ReadLine() ?? "";
    }

    private static InputSource FromColumns(ISqlEngine engine, InputOptions input, InputFiles files, string view, IReadOnlyList<SqlColumn> found)
    {
        InputColumn At(int place) => found[place].Kind == SqlColumnKind.Text
            ? new InputColumn(found[place].Name, $"CAST({engine.Dialect.Quoted(found[place].Name)} AS STRING)", SqlColumnKind.Text)
            : new InputColumn(found[place].Name, engine.Dialect.Quoted(found[place].Name), found[place].Kind);
        return new InputSource(files, view, InputColumns.ByName(input, files.Paths[0], [.. found.Select(column => column.Name)], At, () => ""), null);
    }
}
