using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>Section Score: which predictions are written.</summary>
public sealed record ScoreOptions : IValidatableObject
{
    /// <summary>Number of items that are recommended to each user.</summary>
    [Range(1, 100_000)]
    public int TopK { get; init; } = 10;

    /// <summary>Whether items that a user has already used, held-out interactions included, are left out.</summary>
    public bool ExcludeSeen { get; init; } = true;

    /// <summary>
    /// Time since which a user must have an interaction to get recommendations, such as "2026-11-23", "2026-11-23T06:00:00Z" (UTC
    /// where no offset is given) or seconds since 1970. "" (default): all users. Saves time where few users return each day; keep
    /// the other users' older lists elsewhere.
    /// </summary>
    public string Since { get; init; } = "";

    /// <summary>
    /// Moment at which the lists will be read, as Since has it, for a model that can be told (Model:Attention:Told): it then
    /// recommends to a user who comes back so long after the latest item. For users with later items it is that of the latest.
    /// "" (default): it is not told, as in the report's figures of the model.
    /// </summary>
    public string At { get; init; } = "";

    /// <summary>
    /// File, folder or glob of the only users who get recommendations, as CSV, JSON lines or Parquet, whatever the log is. ""
    /// (default): all users. The delimiter of CSV is found from the first line. Ids are trimmed and compared as in the log, so
    /// 007 and 7 differ. Users that the model does not know get the popularity list. With Since, users must meet both.
    /// </summary>
    [ExcludeFromFingerprint]
    public string UsersPath { get; init; } = "";

    /// <summary>Column of UsersPath and UserRowsPath that holds the user's id: its name, or its number from 1 where the file has no line of names.</summary>
    public string UsersColumn { get; init; } = "user_id";

    /// <summary>File, folder or glob of the only items that may be recommended, read like UsersPath. "" (default): all items.</summary>
    [ExcludeFromFingerprint]
    public string AllowPath { get; init; } = "";

    /// <summary>
    /// File, folder or glob of items that may not be recommended, even if AllowPath names them, read like UsersPath. ""
    /// (default): none.
    /// </summary>
    [ExcludeFromFingerprint]
    public string DenyPath { get; init; } = "";

    /// <summary>Column of AllowPath, DenyPath, ItemsPath and UsersOfItemsPath that holds the item's id: its name, or its number from 1.</summary>
    public string ItemsColumn { get; init; } = "item_id";

    /// <summary>
    /// File, folder or glob with a row for each item, read like UsersPath, that has GroupColumn, DateColumn and the columns of
    /// Where. "" (default): none.
    /// </summary>
    [ExcludeFromFingerprint]
    public string ItemsPath { get; init; } = "";

    /// <summary>
    /// Rule that an item must meet to be recommended: a condition in DuckDB's SQL over the columns of ItemsPath, such as
    /// "price &lt; 50 AND category IN ('book', 'game') AND stock &gt; 0", of UserRowsPath ("price &lt; user.budget AND category IN
    /// (user.liked)") and of Context ("season = context.season"). Items without a row there, and those of which it is neither true
    /// nor false since a value is missing, are left out. "" (default): all items.
    /// </summary>
    public string Where { get; init; } = "";

    /// <summary>
    /// File, folder or glob with a row for each user, read like UsersPath, whose columns rules name as user.COLUMN. A user without
    /// a row has no values. "" (default): none.
    /// </summary>
    [ExcludeFromFingerprint]
    public string UserRowsPath { get; init; } = "";

    /// <summary>Values that rules name as context.NAME, each written NAME=value, such as "season=winter". [] (default): none.</summary>
    public string[] Context { get; init; } = [];

    /// <summary>
    /// Named lists beside the recommendations, each an object of Name, By ("model", "again", "because" or "trending"), TopK, Where,
    /// Repeats and HalfLifeDays: [{"Name": "new-for-you", "Where": "year &gt;= 2026", "TopK": 5}]. A list holds nothing that stands in
    /// the recommendations or in a list before it, unless Repeats is true, and is written to lists/NAME/. [] (default): none.
    /// MaxPerGroup and Hysteresis do not hold for them. Each may have rules over what stands beside what: Column (several values with
    /// Separator between them) with MaxPerValue, the most items of one value, and Diversity, the score that an item loses for being
    /// like one before it; Promote, a rule that at least Promoted items meet; Explore, the share of places that are drawn by score,
    /// with Temperature and Seed; Pool (100), the number of best items among which they choose.
    /// </summary>
    public ListOptions[] Lists { get; init; } = [];

    /// <summary>
    /// Earliest date of an item that may be recommended, such as "2020", "2026-10-01", "2026-10-01T12:00:00Z" or seconds since
    /// 1970; ItemDate says which date. Items without a date are left out, too. "" (default): all items.
    /// </summary>
    public string NotOlderThan { get; init; } = "";

    /// <summary>
    /// What an item's date is for NotOlderThan. "first" (default): the time of its first interaction. "last": that of its last.
    /// "column": the value of DateColumn in ItemsPath.
    /// </summary>
    public ItemDate ItemDate { get; init; }

    /// <summary>
    /// Column of ItemsPath that holds an item's date: a year, a date, a time or seconds since 1970, as in NotOlderThan. Only with
    /// ItemDate "column".
    /// </summary>
    public string DateColumn { get; init; } = "";

    /// <summary>
    /// Largest number of items of one group (GroupColumn) among a user's recommendations. 0 (default): any number. Smaller
    /// numbers give more variety and a little less relevance.
    /// </summary>
    [Range(0, 100_000)]
    public int MaxPerGroup { get; init; }

    /// <summary>
    /// Column of ItemsPath that holds an item's group, such as its author or category. Items without a group are not limited.
    /// Only with MaxPerGroup.
    /// </summary>
    public string GroupColumn { get; init; } = "";

    /// <summary>
    /// How much better a new item must score (scores lie between 0 and 1) than one that stands in the user's list of the night in
    /// production, to take its place: lists change only where it matters. An item of that list is ranked as if it scored so much
    /// more; the score that is written is its own. 0 (default): the best items, whatever stood there before. Not with MaxPerGroup,
    /// nor where Spark's tasks score (set Spark:Score to "driver").
    /// </summary>
    [Range(0.0, 1.0)]
    public double Hysteresis { get; init; }

    /// <summary>
    /// File, folder or glob of items, read like UsersPath, for each of which the users with the highest scores are written to
    /// users_of_items/. "" (default): none. Only users whom the model knows and whom Since and UsersPath admit are taken, and
    /// with ExcludeSeen none who has used the item.
    /// </summary>
    [ExcludeFromFingerprint]
    public string UsersOfItemsPath { get; init; } = "";

    /// <summary>Number of users that are written for each item of UsersOfItemsPath.</summary>
    [Range(1, 1_000_000)]
    public int UsersPerItem { get; init; } = 100;

    /// <summary>
    /// Number of most similar items, by the cosine of the model's embeddings, that are written to similar_items/ for each item. 0
    /// (default): none are written. Items that may not be recommended have a list, and are in no list.
    /// </summary>
    [Range(0, 100_000)]
    public int SimilarItems { get; init; }

    /// <summary>
    /// File, folder or glob of pairs of a user and an item to score, read like UsersPath. "" (default): none. Each pair gets its
    /// score, and a prediction by Threshold.
    /// </summary>
    [ExcludeFromFingerprint]
    public string PairsPath { get; init; } = "";

    /// <summary>Column of PairsPath that holds the user's id.</summary>
    public string PairsUserColumn { get; init; } = "user_id";

    /// <summary>Column of PairsPath that holds the item's id.</summary>
    public string PairsItemColumn { get; init; } = "item_id";

    /// <summary>Probability from which a pair's prediction is 1.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; init; } = 0.5;

    /// <summary>Number of threads that score. 0 (default): one for each core.</summary>
    [ExcludeFromFingerprint]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Threads, resolved.</summary>
    public int ThreadCount => Threads == 0 ? Environment.ProcessorCount : Threads;

    /// <summary>The model, told the moment <see cref="At"/>, if there is one.</summary>
    public TrainedModel Told(TrainedModel model)
    {
        if (At.Length == 0) return model;
        long[] moments_U = new long[model.Users.Count];
        Array.Fill(moments_U, TimestampText.Parse(At)!.Value);
        return model with { Weights = model.Weights.Told(moments_U) };
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Since.Length > 0 && TimestampText.Parse(Since) is null) yield return new($"is \"{Since}\", {TimestampText.Cure}", [nameof(Since)]);
        if (At.Length > 0 && TimestampText.Parse(At) is null) yield return new($"is \"{At}\", {TimestampText.Cure}", [nameof(At)]);
        if (NotOlderThan.Length > 0 && TimestampText.Parse(NotOlderThan) is null)
        {
            yield return new($"is \"{NotOlderThan}\", {TimestampText.Cure}", [nameof(NotOlderThan)]);
        }

        if (NotOlderThan.Length > 0 && ItemDate == ItemDate.Column && (ItemsPath.Length == 0 || DateColumn.Length == 0))
        {
            yield return new("is \"column\", but there is none: name the file in ItemsPath and its column in DateColumn, or choose \"first\" or \"last\"",
                [nameof(ItemDate), nameof(ItemsPath), nameof(DateColumn)]);
        }

        if (DateColumn.Length > 0 && ItemDate != ItemDate.Column)
        {
            yield return new($"is \"{DateColumn}\", but ItemDate is \"{(ItemDate == ItemDate.First ? "first" : "last")}\", which does not look at it: "
                + "set ItemDate to \"column\", or leave DateColumn empty", [nameof(DateColumn), nameof(ItemDate)]);
        }

        foreach ((string setting, string fault) in RuleFaults()) yield return new(fault, [setting]);

        if (MaxPerGroup > 0 && (ItemsPath.Length == 0 || GroupColumn.Length == 0))
        {
            yield return new($"is {MaxPerGroup}, but nothing says which group an item is of: "
                + "name the file in ItemsPath and its column in GroupColumn, or set it to 0", [nameof(MaxPerGroup), nameof(ItemsPath), nameof(GroupColumn)]);
        }

        if (GroupColumn.Length > 0 && MaxPerGroup == 0)
        {
            yield return new($"is \"{GroupColumn}\", but MaxPerGroup is 0, so groups are not looked at: set MaxPerGroup, or leave GroupColumn empty",
                [nameof(GroupColumn), nameof(MaxPerGroup)]);
        }

        if (Hysteresis > 0 && MaxPerGroup > 0)
        {
            yield return new($"is {Hysteresis}, and MaxPerGroup is {MaxPerGroup}: what stays in a list by the one would break the other. Set one of them to 0",
                [nameof(Hysteresis), nameof(MaxPerGroup)]);
        }

        if (AllowPath.Length > 0 && AllowPath == DenyPath)
        {
            yield return new("names the same file as DenyPath, so that no item would be left", [nameof(AllowPath), nameof(DenyPath)]);
        }
    }

    private IEnumerable<(string Setting, string Fault)> RuleFaults()
    {
        if (Where.Length > 0 && ItemsPath.Length == 0)
        {
            yield return (nameof(Where), "is a rule over the columns of a table, but there is none: name the file in ItemsPath");
        }

        if (Array.Find(Context, one => one.IndexOf('=', StringComparison.Ordinal) < 1) is { } unnamed)
        {
            yield return (nameof(Context), $"holds \"{ShownText.Of(unnamed)}\", which is no NAME=value such as season=winter");
        }

        for (int list = 0; list < Lists.Length; list++)
        {
            string? fault = Lists[list].Fault()
                ?? (Lists.Take(list).Any(other => other.Name == Lists[list].Name) ? $"has the Name \"{Lists[list].Name}\", as another: change one" : null)
                ?? (Lists[list].Where.Length > 0 && ItemsPath.Length == 0
                    ? "has a rule (Where) over the columns of a table, but there is none: name the file in ItemsPath"
                    : null);
            fault ??= ItemsPath.Length == 0 && (Lists[list].Column.Length > 0 || Lists[list].Promote.Length > 0)
                ? "looks at columns of a table (Column or Promote), but there is none: name the file in ItemsPath"
                : null;
            if (fault is not null) yield return (nameof(Lists), $"[{list}] {fault}");
        }
    }
}

/// <summary>What an item's date is: the time of its first or last interaction, or what a column of the items table says.</summary>
[JsonConverter(typeof(SettingTextConverter<ItemDate>))]
public enum ItemDate
{
    First,
    Last,
    Column,
}

/// <summary>What the files hold that <see cref="ScoreOptions"/> names; null where none is named.</summary>
public sealed record ScoreLists
{
    /// <summary>Ids of the users who are wanted.</summary>
    public string[]? Users { get; init; }

    /// <summary>Ids of the only items that may be recommended.</summary>
    public string[]? Allow { get; init; }

    /// <summary>Ids of items that may not be recommended.</summary>
    public string[]? Deny { get; init; }

    /// <summary>What <see cref="ScoreOptions.Where"/> says.</summary>
    public RuleAnswer? Where { get; init; }

    /// <summary>What the rules of <see cref="ScoreOptions.Lists"/> say, null for none; where Where looks at the user, it is a part of each.</summary>
    public RuleAnswer?[] Lists { get; init; } = [];

    /// <summary>The same of their <see cref="ListOptions.Promote"/>, each with the list's own rule.</summary>
    public RuleAnswer?[] Promoted { get; init; } = [];

    /// <summary>Ids of the items whose best users are wanted.</summary>
    public string[]? UsersOfItems { get; init; }

    /// <summary>The items table.</summary>
    public ItemTable? Items { get; init; }
}
