using System.Text.RegularExpressions;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>
/// A rule such as Score:Where: an expression of SQL over the columns of a table of items, of a table of users (user.budget) and of a context
/// (context.season), which says which items may be recommended to whom. DuckDB runs it in this process. As in SQL, a pair of which it is neither true nor
/// false (a value is missing) is left out. Each group of users with the same values in the columns that the rule names is asked for once.
/// </summary>
/// <param name="Where">The expression.</param>
/// <param name="Setting">Where it stands, for messages: "Score:Where".</param>
public sealed partial record ItemRule(string Where, string Setting)
{
    private const string Items = "ncf_rule_items", Users = "ncf_rule_users", Groups = "ncf_rule_groups", Checked = "ncf_rule";
    private const string Row = "ncf_row", Group = "ncf_group";
    private const long MostMarks = 1L << 33; // 1 GiB of answers
    private const int GroupsAtOnce = 1000;

    /// <summary>Whether the expression names a column of the user.</summary>
    public bool NamesUser => UserColumn().IsMatch(Where);

    /// <summary>What the rule says of every item and group of users.</summary>
    /// <param name="items">The table of items, and its column of ids.</param>
    /// <param name="users">The same of users; null where there is none.</param>
    /// <param name="context">Names and values, each "name=value".</param>
    /// <exception cref="InvalidInputException">The rule does not parse, names a column that is not there, is no condition, or is true of nothing.</exception>
    public RuleAnswer Answer((ListFiles Table, ListColumn Id) items, (ListFiles Table, ListColumn Id)? users, string[] context)
    {
        if (NamesUser && users is null)
        {
            throw new InvalidInputException($"{Setting} ({Where}) names a column of the user, but there is no table of users: name it in Score:UserRowsPath.");
        }

        using ISqlEngine engine = new DuckDbEngine(new DuckDbOptions { Threads = 1 });
        IReadOnlyList<SqlColumn> itemColumns = Open(engine, items.Table, items.Id, $"{Items}_view");
        engine.Execute($"CREATE TEMP TABLE {Items} AS SELECT *, row_number() OVER () - 1 AS {Row} FROM {Items}_view");
        string[] itemIds = [.. engine.Query($"SELECT CAST({engine.Dialect.Quoted(items.Id.Name)} AS VARCHAR) FROM {Items} ORDER BY {Row}")
            .Select(row => row[0] is string id ? IdText.Trim(id) : "")];
        string names = $"{items.Table.Name} has the columns {NamesOf(itemColumns)}.";
        string where = Where;
        Dictionary<string, int> groupOfUser = new(StringComparer.Ordinal);
        if (NamesUser) (where, names) = GroupUsers(engine, users!.Value.Table, users.Value.Id, groupOfUser, names);
        else engine.Execute($"CREATE TEMP TABLE {Groups} AS SELECT 0 AS {Group}");
        long groups = (long)engine.Query($"SELECT count(*) FROM {Groups}")[0][0]!;
        if (groups * itemIds.Length > MostMarks)
        {
            throw new InvalidInputException($"{Setting} ({Where}) looks at columns of the user with {groups:N0} combinations of values, which with "
                + $"{itemIds.Length:N0} items is too much: round them (round(user.budget, -1)) into fewer in the table itself.");
        }

        uint[][] met = Evaluate(engine, where, context, names, itemIds.Length, (int)groups);
        return met.Any(marks => marks.Any(mark => mark != 0)) ? new RuleAnswer(itemIds, groupOfUser, met) : throw new InvalidInputException(
            $"{Setting} ({Where}) is true of no row of {items.Table.Name}, so nothing may be recommended. Change it, or set it to \"\".");
    }

    private uint[][] Evaluate(ISqlEngine engine, string where, string[] context, string names, int items, int groups)
    {
        uint[][] met = [.. Enumerable.Range(0, groups).Select(_ => new uint[(items + 31) / 32])];
        // Line breaks keep what begins a comment within the rule.
        string rule = $"SELECT \"user\".{Group} AS {Group}, item.{Row} AS {Row}, (\n{where}\n) AS is_met FROM {Items} AS item, {Groups} AS \"user\""
            + (context.Length == 0 ? "" : $", (SELECT {string.Join(", ", context.Select(one => ContextColumn(engine, one)))}) AS context");
        try
        {
            engine.Execute($"CREATE TEMP VIEW {Checked} AS {rule}");
            SqlColumn said = engine.Describe(Checked)[2];
            if (said.Kind != SqlColumnKind.Boolean)
            {
                throw new InvalidInputException($"{Setting} ({Where}) is of type {said.Type} and not true or false: write a condition, such as "
                    + $"\"price < 50 AND stock > 0\". {names}");
            }

            for (int first = 0; first < groups && items > 0; first += GroupsAtOnce)
            {
                foreach (IReadOnlyList<object?> row in engine.Query(
                    $"SELECT {Group}, CAST(bitstring_agg({Row}, 0, {items - 1}) AS VARCHAR) FROM {Checked} WHERE is_met AND {Group} BETWEEN {first} AND "
                    + $"{first + GroupsAtOnce - 1} GROUP BY {Group}"))
                {
                    string bits = (string)row[1]!;
                    uint[] marks = met[(long)row[0]!];
                    for (int item = 0; item < items; item++) marks[item / 32] |= (uint)(bits[item] - '0') << item % 32;
                }
            }

            return met;
        }
        catch (SqlEngineException cause) when (FileFailure.Of(cause) is null)
        {
            throw new InvalidInputException($"{Setting} ({Where}) is no condition: {cause.Message.Trim()}\n{names} Mend {Setting}.", cause);
        }
    }

    // Makes the table of groups, of the columns that the rule names, and says of each user which is theirs.
    private (string Where, string Names) GroupUsers(ISqlEngine engine, ListFiles table, ListColumn id, Dictionary<string, int> groupOfUser, string names)
    {
        IReadOnlyList<SqlColumn> columns = Open(engine, table, id, $"{Users}_view");
        names += $" {table.Name} has the columns {NamesOf(columns)}.";
        string[] named = [.. UserColumn().Matches(Where).Select(match => NameIn(match)).Distinct(StringComparer.OrdinalIgnoreCase)];
        foreach (string name in named.Where(name => !columns.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))))
        {
            string nearest = NearestName.Of(name, [.. columns.Select(column => column.Name)]) is { } near ? $" Did you mean user.{near}?" : "";
            throw new InvalidInputException($"{Setting} ({Where}) is no condition: there is no user.{ShownText.Of(name)}.{nearest} {names} Mend {Setting}.");
        }

        string list = string.Join(", ", named.Select(engine.Dialect.Quoted));
        string idText = engine.Dialect.Trimmed($"CAST({engine.Dialect.Quoted(id.Name)} AS VARCHAR)");
        engine.Execute($"CREATE TEMP TABLE {Users} AS SELECT DISTINCT {idText} AS ncf_id, "
            + $"{string.Join(", ", named.Select((name, n) => $"{engine.Dialect.Quoted(name)} AS c{n}"))} FROM {Users}_view");
        if (engine.Query($"SELECT ncf_id FROM {Users} GROUP BY ncf_id HAVING count(*) > 1 ORDER BY ncf_id LIMIT 1") is [[var twice]])
        {
            throw new InvalidInputException($"{table.Name}: the user {ShownText.Of($"{twice}")} stands there twice, with two different values of {list}. "
                + "Keep one of the rows.");
        }

        string values = string.Join(", ", named.Select((_, n) => $"c{n}"));
        engine.Execute($"CREATE TEMP TABLE {Groups}_rows AS SELECT row_number() OVER () AS {Group}, * FROM (SELECT DISTINCT {values} FROM {Users})");
        string own = string.Join(", ", named.Select((name, n) => $"c{n} AS {engine.Dialect.Quoted(name)}"));
        engine.Execute($"CREATE TEMP TABLE {Groups} AS SELECT {Group}, {own} "
            + $"FROM (SELECT * FROM {Groups}_rows UNION ALL SELECT 0, {string.Join(", ", named.Select(_ => "NULL"))})");
        string same = string.Join(" AND ", named.Select((_, n) => $"u.c{n} IS NOT DISTINCT FROM g.c{n}"));
        foreach (IReadOnlyList<object?> row in engine.Query(
            $"SELECT u.ncf_id, g.{Group} FROM {Users} u JOIN {Groups}_rows g ON {same} WHERE u.ncf_id IS NOT NULL"))
        {
            groupOfUser[(string)row[0]!] = (int)(long)row[1]!;
        }

        // "category IN (user.liked)" looks into a list, which SQL takes for a list of one list.
        string where = InUserColumn().Replace(Where, match =>
            columns.First(column => column.Name.Equals(NameIn(match), StringComparison.OrdinalIgnoreCase)).Type.EndsWith("[]", StringComparison.Ordinal)
                ? $"IN user.{engine.Dialect.Quoted(NameIn(match))}"
                : match.Value);
        return (where, names);
    }

    private static string ContextColumn(ISqlEngine engine, string one)
    {
        int equals = one.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1) throw new InvalidInputException($"Score:Context holds \"{ShownText.Of(one)}\", which is no name=value, such as season=winter.");
        string value = one[(equals + 1)..];
        bool isNumber = double.TryParse(value, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out double number);
        return $"{(isNumber && double.IsFinite(number) ? value : engine.Dialect.Literal(value))} AS {engine.Dialect.Quoted(one[..equals].Trim())}";
    }

    private IReadOnlyList<SqlColumn> Open(ISqlEngine engine, ListFiles table, ListColumn id, string view)
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
            engine.Execute($"CREATE TEMP VIEW {view} AS SELECT * FROM {read}");
        }
        catch (SqlEngineException cause) when (FileFailure.Of(cause) is null)
        {
            throw new InvalidInputException($"{table.Name} cannot be read as a table with a line of names, which {Setting} needs, with the ids in column "
                + $"{ShownText.Of(id.Name)} ({id.Setting}): {cause.Message.Trim()}", cause);
        }

        IReadOnlyList<SqlColumn> columns = engine.Describe(view);
        if (columns.Any(column => column.Name == id.Name)) return columns;
        string nearest = NearestName.Of(id.Name, [.. columns.Select(column => column.Name)]) is { } near ? $" Did you mean {ShownText.Of(near)}?" : "";
        throw new InvalidInputException($"{table.Name}: there is no column {ShownText.Of(id.Name)}; there are "
            + $"{string.Join(", ", columns.Select(column => ShownText.Of(column.Name)))}.{nearest} Name the right one in {id.Setting}.");
    }

    private static string NamesOf(IReadOnlyList<SqlColumn> columns) =>
        string.Join(", ", columns.Select(column => $"{ShownText.Of(column.Name)} ({column.Type})"));

    private static string NameIn(Match match) => match.Groups["quoted"] is { Success: true } quoted
        ? quoted.Value.Replace("\"\"", "\"", StringComparison.Ordinal)
        : match.Groups["plain"].Value;

    private const string Column = "\"?\\buser\\b\"?\\s*\\.\\s*(\"(?<quoted>(?:[^\"]|\"\")+)\"|(?<plain>\\w+))";

    [GeneratedRegex(Column, RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex UserColumn();

    [GeneratedRegex(@"\bIN\s*\(\s*" + Column + @"\s*\)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex InUserColumn();
}
