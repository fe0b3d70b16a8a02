using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Scoring;

/// <summary>The items that may be recommended, and how many of a group a list may hold.</summary>
/// <param name="Items">Item indexes, rising.</param>
/// <param name="Groups">The limit; null for none.</param>
public sealed record RecommendableItems(int[] Items, GroupLimit? Groups)
{
    /// <summary>Which of them a user's recommendations may hold, where a rule looks at the user; null for all.</summary>
    public ItemMarks? Marks { get; init; }

    /// <summary>The named lists, in their order.</summary>
    public IReadOnlyList<NamedList> Lists { get; init; } = [];

    /// <summary>Whether a rule looks at the user, so that users choose among different items, or there are named lists.</summary>
    public bool HasUserRulesOrLists => Marks is not null || Lists.Count > 0;

    /// <summary>All items of the model.</summary>
    public static RecommendableItems All(IdTable items) => new([.. Enumerable.Range(0, items.Count)], null);

    /// <summary>Those that the settings leave.</summary>
    /// <param name="lists">What the settings' files hold.</param>
    /// <param name="times">Asked, where they are needed, for the time of each item's first or last interaction; null for an item without any.</param>
    /// <param name="counts">Receives how many ids the model does not know, and how many items lack a date or a group.</param>
    /// <exception cref="InvalidInputException">No item is left.</exception>
    public static RecommendableItems Of(IdTable items, ScoreLists lists, ScoreOptions options, Func<long?[]> times, SortedDictionary<string, long> counts)
    {
        bool[] allowed = new bool[items.Count];
        Array.Fill(allowed, lists.Allow is null);
        foreach (int item in Known(items, lists.Allow, "unknown_in_allow_list", counts)) allowed[item] = true;
        foreach (int item in Known(items, lists.Deny, "unknown_in_deny_list", counts)) allowed[item] = false;
        if (lists.Where is { IsOfAllUsers: true })
        {
            bool[] met = new bool[items.Count];
            foreach (int item in Known(items, lists.Where.IdsOf(0), "unknown_in_where", counts)) met[item] = true;
            for (int item = 0; item < allowed.Length; item++) allowed[item] &= met[item];
        }

        if (options.NotOlderThan.Length > 0)
        {
            long earliest = TimestampText.Parse(options.NotOlderThan)!.Value;
            long?[] dates = options.ItemDate == ItemDate.Column ? lists.Items!.ByItem(items, lists.Items.Dates!, null, "dates") : times();
            counts["items_without_date"] = dates.LongCount(date => date is null);
            for (int item = 0; item < allowed.Length; item++) allowed[item] &= dates[item] >= earliest;
        }

        int[] left = [.. Enumerable.Range(0, items.Count).Where(item => allowed[item])];
        if (left.Length == 0)
        {
            string allow = lists.Allow is null ? "" : $"\n{ListMatch.Remark("Score:AllowPath", "item", lists.Allow, items)}";
            throw new InvalidInputException(
                "No item may be recommended: Score:AllowPath, Score:DenyPath, Score:Where and Score:NotOlderThan together leave none of the "
                + $"model's. Check the ids in those files and the time.{allow.TrimEnd()}");
        }

        if (left.Length < items.Count) counts["items_left"] = left.Length;
        return new RecommendableItems(left, options.MaxPerGroup == 0 ? null : new GroupLimit(GroupsOf(items, lists.Items!, counts), options.MaxPerGroup));
    }

    /// <summary>Those of them that a list has, with the rules of the recommendations and no named lists.</summary>
    public RecommendableItems Only(IReadOnlySet<int> listed)
    {
        int[] places = [.. Enumerable.Range(0, Items.Length).Where(place => listed.Contains(Items[place]))];
        return this with { Items = Array.ConvertAll(places, place => Items[place]), Marks = Marks?.At(places), Lists = [] };
    }

    /// <summary>The same with what rules say of single users, and the named lists.</summary>
    /// <param name="chosen">Users whom the model does not know; null where only those of the model are asked for.</param>
    /// <param name="trend">Asked for what each of the model's items weighs by the interactions of so many days (half-life).</param>
    /// <exception cref="InvalidInputException">A list would be empty for everybody.</exception>
    public RecommendableItems WithLists(
        ScoreLists lists, ScoreOptions options, IdTable items, IdTable users, ChosenUsers? chosen, Func<double, float[]> trend)
    {
        ItemMarks? MarksOf(RuleAnswer? answer) => answer is null ? null : ItemMarks.Of(answer, items, Items, users, chosen);
        void CheckSome(ItemMarks? marks, string setting)
        {
            if (marks is null || marks.ByGroup.Any(group => group.Any(mark => mark != 0))) return;
            throw new InvalidInputException($"No item may be recommended to anybody by {setting}: what it is true of is none of the model's items, or left "
                + "out by Score:AllowPath, Score:DenyPath, Score:Where or Score:NotOlderThan.");
        }

        ItemMarks? marks = lists.Where is { IsOfAllUsers: false } ? MarksOf(lists.Where) : null;
        CheckSome(marks, "Score:Where");
        var named = new List<NamedList>();
        for (int list = 0; list < options.Lists.Length; list++)
        {
            ListOptions own = options.Lists[list];
            ItemMarks? ofList = MarksOf(list < lists.Lists.Length ? lists.Lists[list] : null);
            CheckSome(ofList, $"Score:Lists[{list}]:Where ({own.Name})");
            float[]? trending = own.By == ListKind.Trending ? trend(own.HalfLifeDays) : null;
            ItemMarks? promoted = MarksOf(list < lists.Promoted.Length ? lists.Promoted[list] : null);
            CheckSome(promoted, $"Score:Lists[{list}]:Promote ({own.Name})");
            named.Add(new NamedList(own, ofList ?? marks, trending is null ? null : Array.ConvertAll(Items, item => trending[item]), promoted,
                own.Column.Length == 0 || lists.Items is null ? null : ValuesOf(items, lists.Items, own)));
        }

        return this with { Marks = marks, Lists = named };
    }

    /// <summary>The indexes of those of a list that the model knows; the others are counted.</summary>
    public static IEnumerable<int> Known(IdTable items, string[]? ids, string count, SortedDictionary<string, long> counts)
    {
        if (ids is null) return [];
        int[] indexes = Array.ConvertAll(ids, items.Find);
        counts[count] = indexes.LongCount(index => index < 0);
        return indexes.Where(index => index >= 0);
    }

    private int[][] ValuesOf(IdTable items, ItemTable table, ListOptions list)
    {
        string[] texts = table.ByItem(items, table.Columns[list.Column], "", $"values of {list.Column}");
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return Array.ConvertAll(Items, item => texts[item].Split(list.Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(value => numbers.TryGetValue(value, out int number) ? number : numbers[value] = numbers.Count).Distinct().Order().ToArray());
    }

    private static int[] GroupsOf(IdTable items, ItemTable table, SortedDictionary<string, long> counts)
    {
        string[] names = table.ByItem(items, table.Groups!, "", "groups");
        counts["items_without_group"] = names.LongCount(name => name.Length == 0);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal) { [""] = -1 };
        return Array.ConvertAll(names, name => numbers.TryGetValue(name, out int number) ? number : numbers[name] = numbers.Count - 1);
    }
}
