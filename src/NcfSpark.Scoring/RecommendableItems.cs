using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Scoring;

/// <summary>The items that may be recommended, and how many of a group a list may hold.</summary>
/// <param name="Items">Item indexes, rising.</param>
/// <param name="Groups">The limit; null for none.</param>
public sealed record RecommendableItems(int[] Items, GroupLimit? Groups)
{
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
        if (lists.Where is not null)
        {
            bool[] met = new bool[items.Count];
            foreach (int item in Known(items, lists.Where, "unknown_in_where", counts)) met[item] = true;
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

    /// <summary>The indexes of those of a list that the model knows; the others are counted.</summary>
    public static IEnumerable<int> Known(IdTable items, string[]? ids, string count, SortedDictionary<string, long> counts)
    {
        if (ids is null) return [];
        int[] indexes = Array.ConvertAll(ids, items.Find);
        counts[count] = indexes.LongCount(index => index < 0);
        return indexes.Where(index => index >= 0);
    }

    private static int[] GroupsOf(IdTable items, ItemTable table, SortedDictionary<string, long> counts)
    {
        string[] names = table.ByItem(items, table.Groups!, "", "groups");
        counts["items_without_group"] = names.LongCount(name => name.Length == 0);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal) { [""] = -1 };
        return Array.ConvertAll(names, name => numbers.TryGetValue(name, out int number) ? number : numbers[name] = numbers.Count - 1);
    }
}
