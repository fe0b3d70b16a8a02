using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Files of interactions as a view of an engine.</summary>
/// <param name="Files">The files as the engine reads them.</param>
/// <param name="Columns">The columns of it that matter.</param>
/// <param name="Csv">How the files are laid out; null for Parquet.</param>
/// <param name="Plain">The same files for a quicker reading, where there is one.</param>
internal sealed record InputSource(InputFiles Files, string View, InputColumns Columns, CsvLayout? Csv, PlainLines? Plain = null)
{
    /// <summary>The columns that folders name, which come after those of the lines.</summary>
    private IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>What stands between two fields where messages show a row; null: what does in the files that the engine reads.</summary>
    private string? ShownDelimiter { get; init; }

    /// <summary>Whether the files are copies (<see cref="CsvCopy"/>), in which lines that are no rows say why.</summary>
    public bool IsCopy => ShownDelimiter is not null && !IsJson;

    /// <summary>Whether the lines of its files can be read here, to say where a bad row stands.</summary>
    public bool HasLines => Csv is not null && !Files.IsElsewhere;

    /// <summary>Whether the files are JSON lines, of which the engine reads the used fields.</summary>
    public bool IsJson => Files.Format == InputFormat.Json;

    /// <summary>Makes what a setting names a view, having found its columns.</summary>
    /// <exception cref="InvalidInputException">It is not whole, lacks a column, or the engine does not read it.</exception>
    public static InputSource Open(ISqlEngine engine, InputOptions input, InputFiles files, string view, ScratchFolder scratch)
    {
        if (!files.IsElsewhere) return Readable(files, () => OpenHere(engine, input, files, view, scratch));
        if (engine is not IClusterEngine cluster)
        {
            throw new InvalidInputException($"{files.Setting} is \"{files.Given}\", which Spark reads and {engine.Name} does not: "
                + "add --master URL or --remote sc://host:port, or name files of this machine (without a scheme).");
        }

        return Readable(files, () => OpenElsewhere(cluster, input, files, view));
    }

    /// <summary>What an engine says while it reads is about the files: a Parquet page that is damaged, a type that it does not know.</summary>
    public static T Readable<T>(InputFiles files, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqlEngineException cause) when (!cause.EngineLost && (cause.InputAtFault || FileFailure.Of(cause) is null))
        {
            string cure = cause.Cure ?? (files.IsElsewhere
                ? $"Mend {files.Setting}, or what it names."
                : "Copy or write the files again if they are damaged; with Spark's executors on other machines, they must lie on storage that all share.");
            throw new InvalidInputException($"{files.Name} cannot be read: {cause.Message.Trim()}\n{cure}", cause);
        }
    }

    /// <summary>A bad row as messages show it, with its file as the setting names it.</summary>
    public BadRow ForMessage(BadRow row)
    {
        row = row with { File = Files.OriginalOf(row.File) };
        return ShownDelimiter is null ? row : row with
        {
            Text = (CsvCopy.Split(row.Text)?.Line ?? row.Text).Replace(JsonLines.Delimiter, ShownDelimiter, StringComparison.Ordinal)
                .Replace(CsvRecords.NoUtf8, '\ufffd'),
        };
    }

    /// <summary>A field of a line, or what the file's folders say.</summary>
    public string Field(string file, IReadOnlyList<string> fields, int place) =>
        place < fields.Count ? fields[place] : Partitions.ValueOf(file, Folders[place - fields.Count]) ?? "";

    private static InputSource OpenHere(ISqlEngine engine, InputOptions input, InputFiles files, string view, ScratchFolder scratch)
    {
        FileCheck.CheckWhole(files);
        if (files.Format == InputFormat.Json) return OpenJson(engine, input, files, view, scratch);
        InputFiles staged = StagedFiles.Of(engine, files, input.Delimiter, input.Quote, scratch);
        if (staged.IsParquet) return new InputSource(staged, view, new ColumnsView(engine, input, staged, view).OverFiles(), null);
        (InputColumns columns, int count, IReadOnlyList<string> folders) = CsvHeader.Find(input, staged);
        var layout = new CsvLayout(input.Delimiter, input.Header, count, input.Quote) { IsUtf8 = true };
        if (staged.ArePlain) return OverLines(engine, staged, view, columns, layout, folders);
        var copy = new CsvCopy(layout, columns.All);
        return OverLines(engine, copy.Of(staged, scratch), view, columns, copy.Layout, folders) with { ShownDelimiter = input.Delimiter };
    }

    private static InputSource OpenJson(ISqlEngine engine, InputOptions input, InputFiles files, string view, ScratchFolder scratch)
    {
        string[] names = InputColumns.Names(input);
        JsonLines.Result lines = JsonLines.Copy(files, names, scratch);
        // What no object has may be a folder's name; where no line is an object, or none can be used, the lines are told.
        string[] missing = lines.Names.Count == 0 ? [] : [.. names.Where(name => !lines.Found.Contains(name) && !lines.Names.Contains(name))];
        string[] folders = [.. Partitions.Names(files.Paths).Intersect(missing)];
        string[] there = [.. names.Except(missing), .. folders];
        InputColumns columns = InputColumns.ByName(input, $"{files.Originals[0]}, line 1", [.. there, .. lines.Names.Except(there)],
            place => new InputColumn(there[place],
                $"c{Array.IndexOf([.. names, .. folders], there[place], folders.Contains(there[place]) ? names.Length : 0) + 1}",
                SqlColumnKind.Text), () => Partitions.HintOf(input, files.Paths));
        var layout = new CsvLayout(JsonLines.Delimiter, Header: false, names.Length, Quote: "") { IsUtf8 = true };
        return OverLines(engine, lines.Files, view, columns, layout, folders) with { ShownDelimiter = ", " };
    }

    private static InputSource OpenElsewhere(IClusterEngine engine, InputOptions input, InputFiles files, string view)
    {
        if (files.Format == InputFormat.Json)
        {
            throw new InvalidInputException($"{files.Setting} is \"{files.Given}\": JSON lines are read from files of this machine. "
                + $"Name it as a table instead: \"table:json.`{files.Given}`\".");
        }

        string raw = $"{view}_raw";
        if (InputPlace.IsTable(files.Given))
        {
            return new InputSource(files, view,
                new ColumnsView(engine, input, files, view).OverView(raw, engine.ReadTable(raw, files.Given[InputPlace.TableScheme.Length..])), null);
        }

        if (files.IsParquet)
        {
            return new InputSource(files, view, new ColumnsView(engine, input, files, view).OverView(raw, engine.ReadParquet(raw, files.Paths)), null);
        }

        string line = engine.FirstLine(files.Given)
            ?? throw new InvalidInputException($"{files.Given} is empty. Check what wrote it, or name another place in {files.Setting}.");
        (InputColumns columns, int count) = CsvHeader.Find(input, files.Given, line);
        var layout = new CsvLayout(input.Delimiter, input.Header, count, input.Quote);
        engine.ReadCsv(view, files.Paths, layout);
        return new InputSource(files, view, columns, layout, PlainLines.Open(engine, view, files, layout, () => line, () => engine.CountFiles(files.Given)));
    }

    private static InputSource OverLines(
        ISqlEngine engine, InputFiles files, string view, InputColumns columns, CsvLayout layout, IReadOnlyList<string> folders)
    {
        // Only where one is used: a plain line does not say of which file it is.
        bool plain = columns.All.All(column => int.Parse(column.Sql.AsSpan(1)) <= layout.Columns);
        if (plain) engine.ReadCsv(view, files.Paths, layout);
        else
        {
            string lines = $"{view}_text";
            engine.ReadCsv(lines, files.Paths, layout);
            string further = string.Concat(
                folders.Select((name, place) => $", {Partitions.Sql(engine.Dialect, files.Paths, name)} AS c{layout.Columns + place + 1}"));
            engine.Execute($"CREATE OR REPLACE TEMP VIEW {view} AS SELECT *{further} FROM {lines}");
            engine.Execute($"CREATE OR REPLACE TEMP VIEW {view}_rejected AS SELECT * FROM {lines}_rejected");
        }

        return new InputSource(files, view, columns, layout,
            plain ? PlainLines.Open(engine, view, files, layout, () => FirstLine(files.Paths[0]), () => files.Paths.Count) : null) { Folders = folders };
    }

    private static string FirstLine(string file)
    {
        using StreamReader reader = CsvRecords.Open(file);
        return reader.ReadLine() ?? "";
    }
}

/// <summary>The view of <see cref="ISqlEngine.TryReadPlainCsv"/> over an input's CSV files: to be believed where all of its lines are plain.</summary>
/// <param name="LinesOfNames">How many lines of names the files have.</param>
internal sealed record PlainLines(string View, long LinesOfNames)
{
    /// <summary>Makes the view; null where the engine has none.</summary>
    public static PlainLines? Open(ISqlEngine engine, string view, InputFiles files, CsvLayout layout, Func<string> names, Func<long> fileCount)
    {
        string plain = $"{view}_plain";
        return engine.TryReadPlainCsv(plain, files.Paths, layout, layout.Header ? names() : null)
            ? new PlainLines(plain, layout.Header ? fileCount() : 0)
            : null;
    }
}
