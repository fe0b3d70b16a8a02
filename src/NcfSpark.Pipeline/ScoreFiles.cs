using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Scoring;

namespace NcfSpark.Pipeline;

/// <summary>The files that section Score names, found once: their hashes are of what is read.</summary>
public sealed class ScoreFiles
{
    private readonly InputOptions input;
    private readonly ScoreOptions options;
    private readonly ListFiles? users, userRows, allow, deny, items, usersOfItems, pairs;
    private readonly ListColumn userColumn, itemColumn, pairsUserColumn, pairsItemColumn;
    private (ScoreLists Lists, PairList? Pairs)? read;

    /// <exception cref="InvalidInputException">One is not there.</exception>
    public ScoreFiles(NcfSparkConfiguration configuration)
    {
        (input, options) = (configuration.Input, configuration.Score);
        userColumn = new ListColumn("Score:UsersColumn", options.UsersColumn);
        itemColumn = new ListColumn("Score:ItemsColumn", options.ItemsColumn);
        pairsUserColumn = new ListColumn("Score:PairsUserColumn", options.PairsUserColumn);
        pairsItemColumn = new ListColumn("Score:PairsItemColumn", options.PairsItemColumn);
        users = Find(options.UsersPath, nameof(options.UsersPath));
        userRows = HasRules ? Find(options.UserRowsPath, nameof(options.UserRowsPath)) : null;
        allow = Find(options.AllowPath, nameof(options.AllowPath));
        deny = Find(options.DenyPath, nameof(options.DenyPath));
        items = UsesDates || options.MaxPerGroup > 0 || HasRules || ListColumns.Length > 0 ? Find(options.ItemsPath, nameof(options.ItemsPath)) : null;
        usersOfItems = Find(options.UsersOfItemsPath, nameof(options.UsersOfItemsPath));
        pairs = Find(options.PairsPath, nameof(options.PairsPath));
    }

    /// <summary>The files that shape the result.</summary>
    public IEnumerable<Artifact> Artifacts
    {
        get
        {
            (string Name, ListFiles? Files)[] named =
            [
                ("users_list", users), ("user_rows", userRows), ("allow_list", allow), ("deny_list", deny), ("items_table", items),
                ("users_of_items_list", usersOfItems), ("pairs", pairs),
            ];
            return [.. named.Where(one => one.Files is not null).Select(one => Artifact.File(one.Name, () => FileHash.Of(one.Files!)))];
        }
    }

    private bool HasRules => options.Where.Length > 0 || options.Lists.Any(list => list.Where.Length > 0 || list.Promote.Length > 0);

    private string[] ListColumns => [.. options.Lists.Select(list => list.Column).Where(column => column.Length > 0).Distinct(StringComparer.Ordinal)];

    private bool UsesDates => options.NotOlderThan.Length > 0 && options.ItemDate == ItemDate.Column;

    /// <summary>Reads all of them once, the pairs to check them.</summary>
    /// <exception cref="InvalidInputException">A file cannot be read, lacks a column, or has a row without an id or with a date that is none.</exception>
    public (ScoreLists Lists, PairList? Pairs) Read() => read ??= (
        new ScoreLists
        {
            Users = users?.Read(userColumn)[0],
            Allow = ReadAllowed(),
            Deny = deny?.Read(itemColumn)[0],
            Where = Answer(options.Where, "Score:Where"),
            Lists = [.. options.Lists.Select((list, n) => Answer(RuleOf(list), $"Score:Lists[{n}]:Where ({list.Name})"))],
            Promoted = [.. options.Lists.Select((list, n) => Answer(PromotionOf(list), $"Score:Lists[{n}]:Promote ({list.Name})"))],
            UsersOfItems = usersOfItems?.Read(itemColumn)[0],
            Items = ReadItems(),
        },
        pairs is null ? null : PairList.Of(pairs.Stream(pairsUserColumn, pairsItemColumn)));

    /// <summary>
    /// Checks, once the ids of the log are known, what scoring will check: ids that cannot be written, and lists that leave nothing to recommend.
    /// </summary>
    /// <exception cref="InvalidInputException">The message says which.</exception>
    public void Check(PreparedData prepared)
    {
        if (users is null && pairs is null && allow is null && deny is null && !HasRules && ListColumns.Length == 0) return;
        (ScoreLists lists, PairList? pairList) = Read();
        (IdTable knownUsers, IdTable knownItems) = (prepared.ReadUsers(), prepared.ReadItems());
        CheckIds(lists, pairList, knownUsers, knownItems);
        RecommendableItems.Of(knownItems, lists, new ScoreOptions(), () => [], []).WithLists(
            lists, options, knownItems, knownUsers, null, _ => new float[knownItems.Count]);
    }

    /// <summary>
    /// Refuses ids that are not whole numbers, in lists whose ids are written, if the ids of the log are whole numbers: a column of numbers cannot hold them.
    /// </summary>
    /// <exception cref="InvalidInputException">There is one; the message says where.</exception>
    public void CheckIds(ScoreLists lists, PairList? pairList, IdTable knownUsers, IdTable knownItems)
    {
        if (knownUsers.IsNumeric && Array.FindIndex(lists.Users ?? [], id => !WholeNumber.TryRead(id, out _)) is >= 0 and int user)
        {
            throw NotWhole(users!, userColumn, "user", (user, lists.Users![user]));
        }

        if (knownUsers.IsNumeric && pairList?.TextUser is { } pairUser) throw NotWhole(pairs!, pairsUserColumn, "user", pairUser);
        if (knownItems.IsNumeric && pairList?.TextItem is { } pairItem) throw NotWhole(pairs!, pairsItemColumn, "item", pairItem);
    }

    /// <summary>What there is to say of lists of which the model knows little, each with an example of both sides.</summary>
    public SortedDictionary<string, string> Remarks(ScoreLists lists, TrainedModel model)
    {
        var remarks = new SortedDictionary<string, string>(StringComparer.Ordinal);
        void Look(string name, ListFiles? files, string[]? ids, string what, IdTable known)
        {
            if (ids is not null && ListMatch.Remark(files!.Setting, what, ids, known) is { } remark) remarks[name] = remark;
        }

        Look("users_list", users, lists.Users, "user", model.Users);
        Look("allow_list", allow, lists.Allow, "item", model.Items);
        Look("deny_list", deny, lists.Deny, "item", model.Items);
        if (lists.Items is { } table && ListMatch.RemarkOfTable("Score:ItemsPath", "row", table.Ids, model.Items) is { } ofTable)
        {
            remarks["items_table"] = ofTable;
        }

        Look("users_of_items_list", usersOfItems, lists.UsersOfItems, "item", model.Items);
        return remarks;
    }

    // The main rule holds for every list: that which is the same for all users by leaving items out, the other as a part of the list's own.
    private string RuleOf(ListOptions list) => list.Where.Length == 0 ? "" : Both(UserRule, list.Where);

    private string PromotionOf(ListOptions list) => list.Promote.Length == 0 ? "" : Both(Both(UserRule, list.Where), list.Promote);

    private string UserRule => new ItemRule(options.Where, "").NamesUser ? options.Where : "";

    private static string Both(string rule, string other) => rule.Length == 0 ? other : other.Length == 0 ? rule : $"(\n{rule}\n) AND (\n{other}\n)";

    private RuleAnswer? Answer(string where, string setting) => where.Length == 0 ? null : new ItemRule(where, setting).Answer(
        (items!, itemColumn), userRows is null ? null : (userRows, userColumn), options.Context);

    private static InvalidInputException NotWhole(ListFiles files, ListColumn column, string what, (long Row, string Id) text) => new(
        $"{files.PlaceOf(text.Row, column)}, column {column.Name}: the {what} '{ShownText.Of(text.Id)}' is no whole number as all {what}s of the log "
            + $"are (such as 7; not 007, +7 or 7.0), and a column of numbers cannot hold it. Take it out of the file that {files.Setting} names, or "
            + $"mend {column.Setting}.");

    private ListFiles? Find(string path, string setting) => path.Length == 0 ? null : ListFiles.Find(input, path, $"Score:{setting}");

    // Checked here, before hours of training.
    private string[]? ReadAllowed()
    {
        string[]? ids = allow?.Read(itemColumn)[0];
        if (ids is not []) return ids;
        throw new InvalidInputException(
            $"{allow!.Name} lists no item, so nothing may be recommended. Put ids under {options.ItemsColumn} there, or set Score:AllowPath to \"\".");
    }

    private ItemTable? ReadItems()
    {
        if (items is null || !(UsesDates || options.MaxPerGroup > 0 || ListColumns.Length > 0)) return null;
        bool groups = options.MaxPerGroup > 0;
        string[][] columns = items.Read([
            itemColumn,
            .. groups ? [new ListColumn("Score:GroupColumn", options.GroupColumn, ListColumnKind.Value)] : Array.Empty<ListColumn>(),
            .. UsesDates ? [new ListColumn("Score:DateColumn", options.DateColumn, ListColumnKind.Value)] : Array.Empty<ListColumn>(),
            .. ListColumns.Select(column => new ListColumn("Score:Lists:Column", column, ListColumnKind.Value))]);
        int first = columns.Length - ListColumns.Length; // of the named lists' columns
        return new ItemTable(items.Name, columns[0], groups ? columns[1] : null, UsesDates ? Dates(columns[0], columns[first - 1]) : null)
        {
            Columns = ListColumns.Select((column, n) => (column, columns[first + n])).ToDictionary(StringComparer.Ordinal),
        };
    }

    private long?[] Dates(string[] ids, string[] texts)
    {
        var dates = new long?[texts.Length];
        for (int row = 0; row < texts.Length; row++)
        {
            dates[row] = TimestampText.Parse(texts[row]);
            if (dates[row] is null && texts[row].Length > 0)
            {
                throw new InvalidInputException($"{items!.PlaceOf(row, itemColumn)}, item {ShownText.Of(ids[row])}, column {options.DateColumn}: "
                    + $"\"{ShownText.Of(texts[row])}\" is no time. A year, a date such as 2026-11-23, a time such as 2026-11-23T06:00:00Z, whole "
                    + "seconds since 1970, or nothing may stand there. Mend it, or Score:DateColumn.");
            }
        }

        return dates;
    }
}
