using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>Parquet files, or a table of Spark's, as a view of the columns that are used, each of one type: see <see cref="ColumnTypes"/>.</summary>
internal sealed class ColumnsView(ISqlEngine engine, InputOptions input, InputFiles files, string view)
{
    /// <summary>Files of equal schema as a view of their own, with the columns that are used.</summary>
    /// <param name="View">The name of the view in the engine.</param>
    /// <param name="File">The first file, as the setting names it.</param>
    /// <param name="Columns">The columns in the order of <see cref="InputColumns.All"/>, with the types that messages say.</param>
    private sealed record Part(string View, string File, IReadOnlyList<SqlColumn> Columns);

    /// <summary>Over files of this machine.</summary>
    public InputColumns OverFiles()
    {
        IReadOnlyList<ParquetSchema> schemas = ParquetSchema.Of(files.Paths);
        return Over([.. schemas.Select((schema, index) =>
        {
            string raw = $"{view}_raw{index}";
            engine.ReadParquet(raw, schema.Files);
            return PartOf(raw, $"{view}_part{index}", files.OriginalOf(schema.Files[0]), schema.Columns, Partitions.Names(files.Paths),
                (parent, path) => schema.TypeOf([parent, .. path]));
        })]);
    }

    /// <summary>Over a view of the engine's.</summary>
    public InputColumns OverView(string raw, IReadOnlyList<SqlColumn> columns) =>
        Over([PartOf(raw, $"{view}_part", files.Given, [.. columns.Select(column => (column.Name, column.Type))], [],
            (parent, path) => TypeOf(raw, [parent, .. path]))]);

    private Part PartOf(string raw, string part, string where, IReadOnlyList<(string Name, string Type)> there, string[] partitions,
        Func<string, string[], string?> nested)
    {
        var columns = there.Select(column => (column.Name, column.Type, Sql: engine.Dialect.Quoted(column.Name))).ToList();
        foreach (string name in InputColumns.Names(input).Where(name => columns.TrueForAll(column => column.Name != name)))
        {
            if (Array.IndexOf(partitions, name) >= 0) columns.Add((name, "VARCHAR", Partitions.Sql(engine.Dialect, files.Paths, name)));
            else if (Nested(name, there, nested) is { } field) columns.Add((name, field.Type, field.Sql));
        }

        InputColumns found = InputColumns.ByName(input, where, [.. columns.Select(column => column.Name)],
            place => new InputColumn(columns[place].Name, columns[place].Sql, SqlColumnKind.Text), () => Partitions.HintOf(input, files.Originals));
        InputColumn[] used = [.. found.All];
        engine.Execute($"CREATE OR REPLACE TEMP VIEW {part} AS SELECT {string.Join(", ", used.Select((column, place) => $"{column.Sql} AS c{place + 1}"))}, "
            + $"ncf_file FROM {raw}");
        SqlColumn[] described = [.. engine.Describe(part)
            .Select((column, place) => column with { Name = used[place].Name, Type = columns.Find(each => each.Sql == used[place].Sql).Type })];
        Refuse(where, found, described);
        return new Part(part, where, described);
    }

    // "user.id": the field id of the column user, or of "a.b.c" the field c of a column "a.b".
    private (string Sql, string Type)? Nested(string name, IReadOnlyList<(string Name, string Type)> there, Func<string, string[], string?> typeOf)
    {
        for (int dot = name.LastIndexOf('.'); dot > 0; dot = name.LastIndexOf('.', dot - 1))
        {
            string parent = name[..dot];
            string[] path = name[(dot + 1)..].Split('.');
            if (there.Any(column => column.Name == parent) && typeOf(parent, path) is { } type)
            {
                return (string.Join('.', path.Prepend(parent).Select(engine.Dialect.Quoted)), type);
            }
        }

        return null;
    }

    private string? TypeOf(string raw, string[] path)
    {
        try
        {
            engine.Execute($"CREATE OR REPLACE TEMP VIEW {view}_field AS SELECT {string.Join('.', path.Select(engine.Dialect.Quoted))} AS field FROM {raw}");
            return engine.Describe($"{view}_field")[0].Type;
        }
        catch (SqlEngineException cause) when (!cause.EngineLost && FileFailure.Of(cause) is null)
        {
            return null;
        }
    }

    private InputColumns Over(Part[] parts)
    {
        string?[] casts = [.. parts[0].Columns.Select(
            (column, place) => ColumnTypes.Common(column.Name, [.. parts.Select(part => (part.File, part.Columns[place].Type))]))];
        foreach (Part part in parts) CheckValues(part, casts);
        string Cast(SqlColumn column, int place) => $"{Value(column, $"c{place + 1}", casts[place])} AS {engine.Dialect.Quoted(column.Name)}";
        string Select(Part part) => $"SELECT {string.Join(", ", part.Columns.Select(Cast))}, ncf_file FROM {part.View}";
        engine.Execute($"CREATE OR REPLACE TEMP VIEW {view} AS {string.Join(" UNION ALL ", parts.Select(Select))}");
        IReadOnlyList<SqlColumn> columns = engine.Describe(view);
        return InputColumns.ByName(input, files.Name, [.. columns.Select(column => column.Name)],
            place => new InputColumn(columns[place].Name, engine.Dialect.Quoted(columns[place].Name), columns[place].Kind), () => "");
    }

    private string Value(SqlColumn column, string sql, string? cast)
    {
        string value = column.Kind switch
        {
            SqlColumnKind.Binary => engine.Dialect.TextOf(sql),
            SqlColumnKind.Text => $"CAST({sql} AS STRING)",
            _ => sql,
        };
        return cast is null ? value : $"CAST({value} AS {cast})";
    }

    // What a cast would change in silence.
    private void CheckValues(Part part, string?[] casts)
    {
        for (int place = 0; place < part.Columns.Count; place++)
        {
            (SqlColumn column, string sql) = (part.Columns[place], $"c{place + 1}");
            if (column.Kind == SqlColumnKind.Binary && FirstFile(part, $"{sql} IS NOT NULL AND NOT {engine.Dialect.IsUtf8(sql)}") is { } file)
            {
                throw new InvalidInputException(
                    $"{file}: column {column.Name} holds bytes ({column.Type}) that are no text in UTF-8. Write it as text (STRING), or name another column.");
            }

            if (casts[place] == "DOUBLE" && ColumnTypes.MayExceedDouble(column.Type)
                && FirstFile(part, $"{sql} NOT BETWEEN -9007199254740992 AND 9007199254740992") is { } large)
            {
                throw new InvalidInputException($"{large}: column {column.Name} is {column.Type} and holds whole numbers beyond 2^53, "
                    + "while other files have floating-point numbers there, which do not hold them exactly. Write all files with one type.");
            }
        }
    }

    private string? FirstFile(Part part, string condition) =>
        engine.Query($"SELECT ncf_file FROM {part.View} WHERE {condition} LIMIT 1") is [[string name]]
            ? name.Length == 0
                ? files.Name
                : files.OriginalOf(files.Paths.FirstOrDefault(path => name == path || name.EndsWith(path, StringComparison.Ordinal)) ?? name)
            : null;

    private static void Refuse(string where, InputColumns found, SqlColumn[] columns)
    {
        int place = 0;
        foreach (InputColumn column in found.All)
        {
            SqlColumn described = columns[place++];
            bool isId = ReferenceEquals(column, found.User) || ReferenceEquals(column, found.Item), isTime = ReferenceEquals(column, found.Timestamp);
            if (described.Kind != SqlColumnKind.Nested && !((isId || isTime) && described.Kind == SqlColumnKind.Boolean)) continue;
            bool isStruct = described.Type.StartsWith("struct", StringComparison.OrdinalIgnoreCase);
            string cure = isStruct ? $"Name a field within it, such as \"{column.Name}.id\"" : "Name another column, or write it as text or numbers";
            throw new InvalidInputException(
                $"{where}: column {column.Name} is of type {described.Type}, which is no {(isId ? "id" : isTime ? "time" : "single value")}. {cure}.");
        }
    }
}
