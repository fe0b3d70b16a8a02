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

    /// <summary>What is wrong with it, to be read after its name; null for nothing.</summary>
    internal string? Fault() =>
        !NameForm().IsMatch(Name) ? $"has the Name \"{ShownText.Of(Name)}\": write small letters, digits, \"-\" and \"_\", such as \"new-for-you\""
        : TopK is < 1 or > 100_000 ? $"has TopK {TopK}: write a number between 1 and 100000, or leave it out"
        : !(HalfLifeDays > 0 && double.IsFinite(HalfLifeDays)) ? $"has HalfLifeDays {HalfLifeDays}: write a number above 0"
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
