using NcfSpark.Data;
using NcfSpark.Preparation;
using NcfSpark.Scoring;

namespace NcfSpark.Jobs;

/// <summary>The files that section Score names: read, and so checked, before any work.</summary>
/// <param name="Lists">Lists of users and items.</param>
/// <param name="Pairs">The pairs to score; null where no file is named.</param>
internal sealed record ScoreFiles(ScoreLists Lists, PairList? Pairs)
{
    /// <exception cref="InvalidInputException">A file cannot be read, lacks a column, or has a row without an id or with a date that is none.</exception>
    public static ScoreFiles Read(ScoreOptions options) => new(
        new ScoreLists
        {
            Users = Ids(options.UsersPath, "UsersPath", "UsersColumn", options.UsersColumn),
            Allow = Allowed(options),
            Deny = Ids(options.DenyPath, "DenyPath", "ItemsColumn", options.ItemsColumn),
            UsersOfItems = Ids(options.UsersOfItemsPath, "UsersOfItemsPath", "ItemsColumn", options.ItemsColumn),
            Items = ReadItems(options),
        },
        options.PairsPath.Length == 0
            ? null
            : PairList.Of(TextColumns.StreamIds(options.PairsPath, "Score:PairsPath", new TextColumn("Score:PairsUserColumn", options.PairsUserColumn), new TextColumn("Score:PairsItemColumn", options.PairsItemColumn))));

    /// <summary>Hashes of the files that shape the result, by what they are.</summary>
    public static IEnumerable<(string Name, string Hash)> Hashes(ScoreOptions options)
    {
        (string Name, string Path, string Setting)[] files =
        [
            ("users_list", options.UsersPath, "UsersPath"), ("allow_list", options.AllowPath, "AllowPath"), ("deny_list", options.DenyPath, "DenyPath"),
            ("items_table", UsesItems(options) ? options.ItemsPath : "", "ItemsPath"), ("users_of_items_list", options.UsersOfItemsPath, "UsersOfItemsPath"), ("pairs", options.PairsPath, "PairsPath"),
        ];
        return files.Where(file => file.Path.Length > 0).Select(file => (file.Name, FileHash.Of(file.Path, $"Score:{file.Setting}")));
    }

    private static string[]? Ids(string path, string setting, string columnSetting, string column) =>
        path.Length == 0 ? null : TextColumns.Read(path, $"Score:{setting}", new TextColumn($"Score:{columnSetting}", column))[0];

    // Told now: after a night of training it is too late.
    private static string[]? Allowed(ScoreOptions options)
    {
        string[]? ids = Ids(options.AllowPath, "AllowPath", "ItemsColumn", options.ItemsColumn);
        return ids is [] ? throw new InvalidInputException($"{options.AllowPath} lists no item, so nothing may be recommended. Put ids under {options.ItemsColumn} there, or set Score:AllowPath to \"\".") : ids;
    }

    private static bool UsesDates(ScoreOptions options) => options.NotOlderThan.Length > 0 && options.ItemDate == "column";

    private static bool UsesItems(ScoreOptions options) => UsesDates(options) || options.MaxPerGroup > 0;

    private static ItemTable? ReadItems(ScoreOptions options)
    {
        if (!UsesItems(options)) return null;
        bool groups = options.MaxPerGroup > 0, dates = UsesDates(options);
        string[][] columns = TextColumns.Read(options.ItemsPath, "Score:ItemsPath", [
            new TextColumn("Score:ItemsColumn", options.ItemsColumn),
            .. groups ? [new TextColumn("Score:GroupColumn", options.GroupColumn, MayBeEmpty: true)] : Array.Empty<TextColumn>(),
            .. dates ? [new TextColumn("Score:DateColumn", options.DateColumn, MayBeEmpty: true)] : Array.Empty<TextColumn>()]);
        return new ItemTable(options.ItemsPath, columns[0], groups ? columns[1] : null, dates ? Dates(options, columns[0], columns[^1]) : null);
    }

    private static long?[] Dates(ScoreOptions options, string[] ids, string[] texts)
    {
        var dates = new long?[texts.Length];
        for (int row = 0; row < texts.Length; row++)
        {
            dates[row] = Moment.Parse(texts[row]);
            if (dates[row] is null && texts[row].Length > 0)
            {
                throw new InvalidInputException($"{options.ItemsPath}, item {ids[row]}, column {options.DateColumn}: \"{texts[row]}\" is no time. A year, a date such as 2026-11-23, a time such as 2026-11-23T06:00:00Z, whole seconds since 1970, or nothing may stand there. Mend it, or Score:DateColumn.");
            }
        }

        return dates;
    }
}
