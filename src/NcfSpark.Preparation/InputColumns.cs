using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>A column of the input that is used.</summary>
/// <param name="Name">As the file or the setting says it: "userId", or "1".</param>
/// <param name="Sql">As SQL says it: c1, or "userId" quoted.</param>
internal sealed record InputColumn(string Name, string Sql, SqlColumnKind Kind);

/// <summary>The columns of the input that matter, found by name or number. Those that may be null are so where there is none.</summary>
internal sealed record InputColumns(InputColumn User, InputColumn Item, InputColumn? Timestamp, InputColumn? Rating, InputColumn? Event, InputColumn? Weight)
{
    /// <summary>Those that there are, in this order.</summary>
    public IEnumerable<InputColumn> All => new[] { User, Item, Timestamp, Rating, Event, Weight }.OfType<InputColumn>();

    /// <summary>Finds the columns by name.</summary>
    /// <param name="where">The file, for messages.</param>
    /// <param name="hint">Where a column is missing: what might be wrong beyond the name; ends with a blank if not empty.</param>
    /// <exception cref="InvalidInputException">Columns are not there, all of which are named, or one is there twice.</exception>
    public static InputColumns ByName(InputOptions input, string where, IReadOnlyList<string> names, Func<int, InputColumn> column, Func<string> hint)
    {
        var missing = new List<(string Name, string Setting)>();
        InputColumns found = Each(input, (name, setting) =>
        {
            int[] places = [.. Enumerable.Range(0, names.Count).Where(place => names[place] == name)];
            if (places.Length == 1) return column(places[0]);
            if (places.Length > 1)
            {
                throw new InvalidInputException($"{where}: column {name} is there {places.Length} times (columns "
                    + $"{string.Join(" and ", places.Select(place => place + 1))}). "
                    + "Rename all but one, or set Input:Header to false, delete the line of names, and give columns by number.");
            }

            missing.Add((name, setting));
            return new InputColumn(name, "", SqlColumnKind.Text);
        });
        return missing.Count == 0 ? found : throw Missing(where, missing, names, hint());
    }

    /// <summary>The names that the settings give to columns, in the order of <see cref="All"/>.</summary>
    public static string[] Names(InputOptions input) =>
        [.. Each(input, (name, _) => new InputColumn(name, "", SqlColumnKind.Text)).All.Select(column => column.Name)];

    /// <summary>Finds the columns of a CSV file without a line of names, by number from 1; those that folders name come after them.</summary>
    public static InputColumns ByNumber(InputOptions input, string where, int count, string[] partitions) =>
        Each(input, (text, setting) =>
        {
            if (Array.IndexOf(partitions, text) is >= 0 and int place) return new InputColumn(text, $"c{count + place + 1}", SqlColumnKind.Text);
            if (!int.TryParse(text, out int number) || number < 1)
            {
                throw new InvalidInputException($"{setting} is \"{text}\", which is no column number. "
                    + "Without a line of names (Input:Header is false) columns are given by number, from 1.");
            }

            return number <= count
                ? new InputColumn(text, $"c{number}", SqlColumnKind.Text)
                : throw new InvalidInputException(
                    $"{where}: there is no column {number}; there are {count}. Set {setting}, or Input:Delimiter if the columns are wrong.");
        });

    private static InvalidInputException Missing(string where, List<(string Name, string Setting)> missing, IReadOnlyList<string> names, string hint)
    {
        string For(string name) => missing.Count == 1 ? "" : $" for {name}";
        string nearest = string.Concat(missing.Select(
            column => NearestName.Of(column.Name, names) is { } near ? $"Did you mean {ShownText.Of(near)}{For(column.Name)}? " : ""));
        string which = And(missing.Select(column => $"no column {column.Name}"));
        return new InvalidInputException($"{where}: there is {which}; there are {string.Join(", ", names.Select(name => ShownText.Of(name)))}. "
            + $"{nearest}{hint}Name the right {(missing.Count == 1 ? "one" : "ones")} in {And(missing.Select(column => column.Setting))}.");
    }

    private static string And(IEnumerable<string> parts)
    {
        string[] all = [.. parts];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} and {all[^1]}";
    }

    private static InputColumns Each(InputOptions input, Func<string, string, InputColumn> find)
    {
        (string Setting, string Name)[] settings =
        [
            ("Input:UserColumn", input.UserColumn), ("Input:ItemColumn", input.ItemColumn), ("Input:TimestampColumn", input.TimestampColumn), (
                "Input:RatingColumn", input.RatingColumn),
            ("Input:EventColumn", input.EventColumn), ("Input:WeightColumn", input.WeightColumn),
        ];
        foreach (IGrouping<string, (string Setting, string Name)> same in settings.Where(pair => pair.Name.Length > 0).GroupBy(pair => pair.Name)
            .Where(group => group.Count() > 1))
        {
            throw new InvalidInputException(
                $"{string.Join(" and ", same.Select(pair => pair.Setting))} are both \"{same.Key}\". Each needs a column of its own.");
        }

        InputColumn? Find(int role) => settings[role].Name.Length == 0 ? null : find(settings[role].Name, settings[role].Setting);
        return new InputColumns(Find(0)!, Find(1)!, Find(2), Find(3), Find(4), Find(5));
    }
}
