namespace NcfSpark.Reporting;

/// <summary>A user of the report: what they did, and what the model would have shown them.</summary>
/// <param name="UserId">The user's id as in the input.</param>
/// <param name="Interactions">How many interactions the model had seen of them.</param>
/// <param name="History">Their latest items before the test, latest first.</param>
/// <param name="HeldOut">How many items they used in the test period.</param>
/// <param name="Recommendations">The model's top items, best first.</param>
public sealed record ExampleUser(
    string UserId, int Interactions, IReadOnlyList<ExampleItem> History, int HeldOut, IReadOnlyList<ExampleRecommendation> Recommendations)
{
    /// <summary>The same with items' titles in place of their ids, where they have one.</summary>
    public ExampleUser WithTitles(IReadOnlyDictionary<string, string> titles) => this with
    {
        History = [.. History.Select(item => item with { Item = titles.GetValueOrDefault(item.Item, item.Item) })],
        Recommendations = [.. Recommendations.Select(item => item with { Item = titles.GetValueOrDefault(item.Item, item.Item) })],
    };
}

/// <summary>An item of a user's history.</summary>
/// <param name="Item">Its id; on the page its title, where it has one.</param>
/// <param name="Timestamp">When, in seconds since 1970-01-01 UTC.</param>
public sealed record ExampleItem(string Item, long Timestamp);

/// <summary>A recommended item.</summary>
/// <param name="Item">Its id; on the page its title, where it has one.</param>
/// <param name="IsHit">Whether the user did use it in the test period.</param>
public sealed record ExampleRecommendation(string Item, double Score, bool IsHit);
