using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Scoring;

/// <summary>Section Score: which predictions are written.</summary>
public sealed record ScoreOptions : IValidatableObject
{
    /// <summary>How many items are recommended to each user.</summary>
    [Range(1, 100_000)]
    public int TopK { get; init; } = 10;

    /// <summary>Whether what a user has already seen, held-out interactions included, is left out.</summary>
    public bool ExcludeSeen { get; init; } = true;

    /// <summary>
    /// Only users with an interaction at this time or later, such as "2026-11-23", "2026-11-23T06:00:00Z" (UTC where no offset is given) or seconds since 1970;
    /// "" for all. Saves time where most users were not there since yesterday; keep their older lists elsewhere.
    /// </summary>
    public string Since { get; init; } = "";

    /// <summary>
    /// A file, folder or glob of the users who are wanted, or "" for all: CSV, JSON lines or Parquet, whatever the log is. Of CSV the delimiter is found by the first line; ids are
    /// trimmed and compared as the log's are, so 007 is another id than 7. Users that the model does not know get the popularity list. With Since, only those who were there.
    /// </summary>
    [ResultNeutral]
    public string UsersPath { get; init; } = "";

    /// <summary>The column of the users file that holds the user's id: its name, or its number from 1 where the file has no line of names.</summary>
    public string UsersColumn { get; init; } = "user_id";

    /// <summary>The only items that may be recommended, in files as those of UsersPath, or "" for all.</summary>
    [ResultNeutral]
    public string AllowPath { get; init; } = "";

    /// <summary>Items that may not be recommended, in files as those of UsersPath, even where AllowPath has them; "" for none.</summary>
    [ResultNeutral]
    public string DenyPath { get; init; } = "";

    /// <summary>The column of AllowPath, DenyPath, ItemsPath and UsersOfItemsPath that holds the item's id: its name, or its number from 1.</summary>
    public string ItemsColumn { get; init; } = "item_id";

    /// <summary>Files as those of UsersPath with a row for each item, from which GroupColumn and DateColumn are taken, or "" for none.</summary>
    [ResultNeutral]
    public string ItemsPath { get; init; } = "";

    /// <summary>
    /// Only items whose date is this or later, such as "2020", "2026-10-01", "2026-10-01T12:00:00Z" or seconds since 1970; "" for all. Items without a date
    /// are left out, too. ItemDate says which date.
    /// </summary>
    public string NotOlderThan { get; init; } = "";

    /// <summary>An item's date for NotOlderThan: the time of its "first" or its "last" interaction, or what stands in "column" DateColumn of ItemsPath.</summary>
    [AllowedValues("first", "last", "column")]
    public string ItemDate { get; init; } = "first";

    /// <summary>The column of ItemsPath that holds an item's date: a year, a date, a time or seconds since 1970, as in NotOlderThan. Only with ItemDate "column".</summary>
    public string DateColumn { get; init; } = "";

    /// <summary>At most so many items of a group among a user's recommendations, 0 for any number: more variety for a little less relevance.</summary>
    [Range(0, 100_000)]
    public int MaxPerGroup { get; init; }

    /// <summary>The column of ItemsPath that holds an item's group, such as its author or category. Items without one are not limited. Only with MaxPerGroup.</summary>
    public string GroupColumn { get; init; } = "";

    /// <summary>
    /// Items, in files as those of UsersPath, for each of which the users who fit best are written to users_of_items/, or "" for none. They are among the users whom Since and UsersPath
    /// leave and the model scores, without those who have seen the item where ExcludeSeen is set.
    /// </summary>
    [ResultNeutral]
    public string UsersOfItemsPath { get; init; } = "";

    /// <summary>How many users are written for each item of UsersOfItemsPath.</summary>
    [Range(1, 1_000_000)]
    public int UsersPerItem { get; init; } = 100;

    /// <summary>
    /// For each item so many of the most similar ones, by the cosine of the model's embeddings, are written to similar_items/; 0 for none. Items that may not be recommended
    /// are in no list, but have one.
    /// </summary>
    [Range(0, 100_000)]
    public int SimilarItems { get; init; }

    /// <summary>Pairs to score, in files as those of UsersPath, or "" for none. They are written beside the recommendations, with a prediction by Threshold.</summary>
    [ResultNeutral]
    public string PairsPath { get; init; } = "";

    /// <summary>The column of the pairs file that holds the user's id.</summary>
    public string PairsUserColumn { get; init; } = "user_id";

    /// <summary>The column of the pairs file that holds the item's id.</summary>
    public string PairsItemColumn { get; init; } = "item_id";

    /// <summary>A pair's prediction is 1 from this probability on. The AWS sample has 0.5.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; init; } = 0.5;

    /// <summary>Threads that score; 0 for all cores.</summary>
    [ResultNeutral]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Threads, resolved.</summary>
    public int ThreadCount => Threads == 0 ? Environment.ProcessorCount : Threads;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Since.Length > 0 && Moment.Parse(Since) is null) yield return new($"is \"{Since}\", {Moment.Cure}", [nameof(Since)]);
        if (NotOlderThan.Length > 0 && Moment.Parse(NotOlderThan) is null) yield return new($"is \"{NotOlderThan}\", {Moment.Cure}", [nameof(NotOlderThan)]);
        if (NotOlderThan.Length > 0 && ItemDate == "column" && (ItemsPath.Length == 0 || DateColumn.Length == 0))
        {
            yield return new("is \"column\", but there is none: name the file in ItemsPath and its column in DateColumn, or choose \"first\" or \"last\"", [nameof(ItemDate), nameof(ItemsPath), nameof(DateColumn)]);
        }

        if (DateColumn.Length > 0 && ItemDate != "column") yield return new($"is \"{DateColumn}\", but ItemDate is \"{ItemDate}\", which does not look at it: set ItemDate to \"column\", or leave DateColumn empty", [nameof(DateColumn), nameof(ItemDate)]);
        if (MaxPerGroup > 0 && (ItemsPath.Length == 0 || GroupColumn.Length == 0))
        {
            yield return new($"is {MaxPerGroup}, but nothing says which group an item is of: name the file in ItemsPath and its column in GroupColumn, or set it to 0", [nameof(MaxPerGroup), nameof(ItemsPath), nameof(GroupColumn)]);
        }

        if (GroupColumn.Length > 0 && MaxPerGroup == 0) yield return new($"is \"{GroupColumn}\", but MaxPerGroup is 0, so groups are not looked at: set MaxPerGroup, or leave GroupColumn empty", [nameof(GroupColumn), nameof(MaxPerGroup)]);
        if (AllowPath.Length > 0 && AllowPath == DenyPath) yield return new("names the same file as DenyPath, so that no item would be left", [nameof(AllowPath), nameof(DenyPath)]);
    }
}
