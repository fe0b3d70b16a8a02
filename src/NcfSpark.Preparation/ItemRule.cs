using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>
/// Score:Where: an expression of SQL over the columns of a table of items, which says of each row whether its item may be recommended. DuckDB runs it in this
/// process. As in SQL, a row of which it is neither true nor false (a value is missing) is left out.
/// </summary>
public static class ItemRule
{
    private const string View = "ncf_items_table", Rule = "ncf_items_rule", Setting = "Score:Where";

    /// <summary>The ids of the rows of which the rule is true.</summary>
    /// <param name="id">The column of the ids, by its name.</param>
    /// <exception cref="InvalidInputException">The rule does not parse, names a column that is not there, is no condition, or is true of no row.</exception>
    public static string[] Ids(ListFiles table, ListColumn id, string where)
    {
        using ISqlEngine engine = new DuckDbEngine(new DuckDbOptions { Threads = 1 });
        IReadOnlyList<SqlColumn> columns = Open(engine, table, id);
        string names = string.Join(", ", columns.Select(column => $"{ShownText.Of(column.Name)} ({column.Type})"));
        try
        {
            // Line breaks keep what begins a comment within the rule.
            engine.Execute($"CREATE TEMP VIEW {Rule} AS SELECT CAST({engine.Dialect.Quoted(id.Name)} AS VARCHAR) AS id, (\n{where}\n) AS is_met FROM {View}");
            SqlColumn met = engine.Describe(Rule)[1];
            if (met.Kind != SqlColumnKind.Boolean)
            {
                throw new InvalidInputException($"{Setting} ({where}) is of type {met.Type} and not true or false: write a condition, such as "
                    + $"\"price < 50 AND stock > 0\". {table.Name} has the columns {names}.");
            }

            string[] ids = [.. engine.Query($"SELECT id FROM {Rule} WHERE is_met AND id IS NOT NULL").Select(row => IdText.Trim((string)row[0]!))];
            return ids.Length > 0 ? ids : throw new InvalidInputException(
                $"{Setting} ({where}) is true of no row of {table.Name}, so nothing may be recommended. Change it, or set it to \"\".");
        }
        catch (SqlEngineException cause) when (FileFailure.Of(cause) is null)
        {
            throw new InvalidInputException(
                $"{Setting} ({where}) is no condition over {table.Name}: {cause.Message.Trim()}\nIts columns are {names}. Mend Score:Where.", cause);
        }
    }

    private static IReadOnlyList<SqlColumn> Open(ISqlEngine engine, ListFiles table, ListColumn id)
    {
        string files = $"[{string.Join(", ", table.Paths.Select(engine.Dialect.Literal))}]";
        // Ids stay as they are written: 007 is no 7.
        string idIsText = $"{{{engine.Dialect.Literal(id.Name)}: 'VARCHAR'}}";
        string read = table.Format switch
        {
            InputFormat.Parquet => $"read_parquet({files}, union_by_name = true)",
            InputFormat.Json => $"read_json({files}, format = 'newline_delimited', union_by_name = true)",
            _ => $"read_csv({files}, header = true, union_by_name = true, types = {idIsText})",
        };
        try
        {
            engine.Execute($"CREATE TEMP VIEW {View} AS SELECT * FROM {read}");
        }
        catch (SqlEngineException cause) when (FileFailure.Of(cause) is null)
        {
            throw new InvalidInputException($"{table.Name} cannot be read as a table with a line of names, which {Setting} needs, with the ids in column "
                + $"{ShownText.Of(id.Name)} ({id.Setting}): {cause.Message.Trim()}", cause);
        }

        IReadOnlyList<SqlColumn> columns = engine.Describe(View);
        if (columns.Any(column => column.Name == id.Name)) return columns;
        string nearest = NearestName.Of(id.Name, [.. columns.Select(column => column.Name)]) is { } near ? $" Did you mean {ShownText.Of(near)}?" : "";
        throw new InvalidInputException($"{table.Name}: there is no column {ShownText.Of(id.Name)}; there are "
            + $"{string.Join(", ", columns.Select(column => ShownText.Of(column.Name)))}.{nearest} Name the right one in {id.Setting}.");
    }
}
