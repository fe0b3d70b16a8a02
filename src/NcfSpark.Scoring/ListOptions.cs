using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>One of Score:Lists: a list beside a user's recommendations, with a size and a rule of its own.</summary>
public sealed partial record ListOptions
{
    /// <summary>What it is called: small letters, digits, "-" and "_". Its rows stand in lists/NAME/.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it holds, and by what it is ordered.</summary>
    public ListKind By { get; init; }

    /// <summary>Largest number of items. null (default): as Score:TopK.</summary>
    public int? TopK { get; init; }

    /// <summary>A rule that its items must meet beside Score:Where. "" (default): none.</summary>
    public string Where { get; init; } = "";

    /// <summary>Whether it may hold items that stand in the user's recommendations or in a list before it. Default: false.</summary>
    public bool Repeats { get; init; }

    /// <summary>Of "trending": days after which an interaction counts half.</summary>
    public double HalfLifeDays { get; init; } = 7;

    /// <summary>
    /// Column of ItemsPath whose values Diversity and MaxPerValue look at, such as a genre; several values with Separator between them. "" (default): none.
    /// </summary>
    public string Column { get; init; } = "";

    /// <summary>What stands between several values of Column.</summary>
    public string Separator { get; init; } = "|";

    /// <summary>Largest number of items of the list that have the same value of Column. 0 (default): any number.</summary>
    public int MaxPerValue { get; init; }

    /// <summary>
    /// How much of its score an item loses if an item before it has the same values of Column; where some values are the same, their share of it (maximal
    /// marginal relevance). Scores lie between 0 and 1. 0 (default): nothing.
    /// </summary>
    public double Diversity { get; init; }

    /// <summary>Rule of the items that are promoted, as Where has it: Promoted of them stand in the list if there are so many. "" (default): none.</summary>
    public string Promote { get; init; } = "";

    /// <summary>At least how many items of the list meet Promote. They take its last places where they are not among the best.</summary>
    public int Promoted { get; init; } = 1;

    /// <summary>
    /// Share of the list's places, its last ones, that are drawn by score, so that it can be found out what others are worth. The column propensity says
    /// with which probability an item got one of them. 0 (default): none.
    /// </summary>
    public double Explore { get; init; }

    /// <summary>Of Explore: an item whose score is lower by this share of the best one is drawn 2.7 times less often. Larger is more even.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>Of Explore: the same seed draws the same, so change it from night to night.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How many of the best items MaxPerValue, Diversity and Explore choose among (promoted ones come beside them); at least TopK.</summary>
    public int Pool { get; init; } = 100;

    /// <summary>Whether it holds other items than the best.</summary>
    internal bool IsRuled => MaxPerValue > 0 || Diversity > 0 || Promote.Length > 0 || Explore > 0;

    /// <summary>What is wrong with it, to be read after its name; null for nothing.</summary>
    internal string? Fault() =>
        !NameForm().IsMatch(Name) ? $"has the Name \"{ShownText.Of(Name)}\": write small letters, digits, \"-\" and \"_\", such as \"new-for-you\""
        : TopK is < 1 or > 100_000 ? $"has TopK {TopK}: write a number between 1 and 100000, or leave it out"
        : !(HalfLifeDays > 0 && double.IsFinite(HalfLifeDays)) ? $"has HalfLifeDays {HalfLifeDays}: write a number above 0"
        : MaxPerValue is < 0 or > 100_000 ? $"has MaxPerValue {MaxPerValue}: write a number between 1 and 100000, or 0 for any number"
        : !(Diversity >= 0 && double.IsFinite(Diversity)) ? $"has Diversity {Diversity}: write a number from 0 on, such as 0.1"
        : (MaxPerValue > 0 || Diversity > 0) && Column.Length == 0
            ? "has MaxPerValue or Diversity, but no Column by which items are alike: name one of ItemsPath"
        : Column.Length > 0 && MaxPerValue == 0 && Diversity == 0
            ? $"has the Column \"{ShownText.Of(Column)}\", which nothing uses: set MaxPerValue or Diversity"
        : Separator.Length == 0 ? "has no Separator: write what stands between several values, such as \"|\""
        : Promoted is < 1 or > 100_000 ? $"has Promoted {Promoted}: write a number between 1 and 100000, or leave Promote empty"
        : !(Explore is >= 0 and <= 1) ? $"has Explore {Explore}: write a share between 0 and 1, such as 0.1"
        : !(Temperature > 0 && double.IsFinite(Temperature)) ? $"has Temperature {Temperature}: write a number above 0, such as 0.1"
        : Pool is < 1 or > 10_000 ? $"has Pool {Pool}: write a number between 1 and 10000"
        : null;

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]*$")]
    private static partial Regex NameForm();
}

/// <summary>What a list holds.</summary>
[JsonConverter(typeof(SettingTextConverter<ListKind>))]
public enum ListKind
{
    /// <summary>The best items by the model's score, as the recommendations.</summary>
    Model,

    /// <summary>"Buy it again": what the user has used and does not dislike, by the model's score.</summary>
    Again,

    /// <summary>
    /// "Because you liked X": of the 100 items most similar to the one that the user used last (column because), those that they have not used.
    /// </summary>
    Because,

    /// <summary>What everybody uses lately: interactions, each counting half as much after HalfLifeDays.</summary>
    Trending,
}
