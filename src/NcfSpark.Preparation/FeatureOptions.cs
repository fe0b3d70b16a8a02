using System.ComponentModel.DataAnnotations;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>Group Input:ItemFeatures: a table of what items are like, which may have items that the log has not.</summary>
public sealed record FeatureOptions
{
    /// <summary>
    /// File, folder or glob with a row for each item, as CSV, JSON lines or Parquet. "" (default): none. An item that is there and
    /// not in the log is in the catalogue, too, without interactions. Several rows of an item add up.
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>Column that holds the item's id.</summary>
    public string IdColumn { get; init; } = "item_id";

    /// <summary>Columns with one value an item, such as a brand.</summary>
    public string[] Categories { get; init; } = [];

    /// <summary>Columns with several values an item: a list, or a text with Separator between them, such as Comedy|Drama.</summary>
    public string[] Lists { get; init; } = [];

    /// <summary>Text between two values of Lists.</summary>
    [Escapes]
    public string Separator { get; init; } = "|";

    /// <summary>Columns of numbers, such as a price: each becomes one of Buckets equally full ranges.</summary>
    public string[] Numbers { get; init; } = [];

    /// <summary>Number of ranges of each of Numbers.</summary>
    [Range(2, 1000)]
    public int Buckets { get; init; } = 10;

    /// <summary>Columns of texts, such as a title: their words, in lower case, and the words' pairs of letters, each as one of TextFeatures.</summary>
    public string[] Texts { get; init; } = [];

    /// <summary>
    /// Number of features for the words of a text, and again for their pairs of letters: a hash says which. More keep more apart
    /// and need more items to learn from.
    /// </summary>
    [Range(1, 1_000_000)]
    public int TextFeatures { get; init; } = 1000;

    /// <summary>Least number of items with a feature; what fewer have is left out, since nothing could be learnt from it of other items.</summary>
    [Range(1, 1_000_000)]
    public int LeastItems { get; init; } = 2;

    /// <summary>Most different values of a column of Categories or Lists. A column with more is refused: it is probably an id or a text.</summary>
    [Range(1, 10_000_000)]
    public int MaxValues { get; init; } = 10_000;

    /// <summary>Whether there is such a table.</summary>
    public bool IsSet => Path.Length > 0;
}
