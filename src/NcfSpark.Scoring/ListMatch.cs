using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>How well the ids of a list are those of the model: ids of two spellings (12 and 12.0, 7 and 007) match nothing, and nothing fails.</summary>
public static class ListMatch
{
    /// <summary>What there is to say of a list of which the model knows less than half, or that has ids that cannot be the model's; null for nothing.</summary>
    /// <param name="what">"user" or "item".</param>
    public static string? Remark(string list, string what, string[] ids, IdTable known)
    {
        string[] unknown = Array.FindAll(ids, id => known.Find(id) < 0);
        if (unknown.Length * 2L > ids.Length) return Of(list, what, ids.Length - unknown.Length, ids.Length, unknown[0], known);
        string? text = known.IsNumeric ? Array.Find(unknown, id => !WholeNumber.TryRead(id, out _)) : null;
        return text is null ? null : $"{list}: '{ShownText.Of(text)}' is no whole number as all {what}s of the log are, and matches none.";
    }

    /// <summary>The same of a list that is only counted.</summary>
    public static string Of(string list, string what, long found, long ids, string example, IdTable known) =>
        $"{list}: {(found == 0 ? "none" : $"{found:N0}")} of its {ids:N0} {what} ids {(found == 1 ? "is" : "are")} known to the model. "
        + $"Ids such as '{ShownText.Of(example)}' match no {what}; {what}s look like '{ShownText.Of(known.TextOf(0))}'.";

    /// <summary>What there is to say of a table of items in which less than half of the model's are; null for nothing.</summary>
    /// <param name="what">What it says of an item: "title".</param>
    public static string? RemarkOfTable(string table, string what, IEnumerable<string> ids, IdTable items)
    {
        HashSet<string> there = new(ids, StringComparer.Ordinal);
        string[] without = [.. Enumerable.Range(0, items.Count).Select(items.TextOf).Where(id => !there.Contains(id))];
        int found = items.Count - without.Length;
        if (there.Count == 0 || found * 2L >= items.Count) return null;
        string example = there.FirstOrDefault(id => items.Find(id) < 0) is { } stranger
            ? $" Ids such as '{ShownText.Of(stranger)}' match no item; items look like '{ShownText.Of(without[0])}'."
            : "";
        return $"{table}: {(found == 0 ? "none" : $"{found:N0}")} of {items.Count:N0} items {(found is 0 or 1 ? "has" : "have")} a {what}.{example}";
    }
}
