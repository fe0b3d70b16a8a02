namespace NcfSpark.Scoring;

/// <summary>What the files hold that <see cref="ScoreOptions"/> names; null where none is named.</summary>
public sealed record ScoreLists
{
    /// <summary>Ids of the users who are wanted.</summary>
    public string[]? Users { get; init; }

    /// <summary>Ids of the only items that may be recommended.</summary>
    public string[]? Allow { get; init; }

    /// <summary>Ids of items that may not be recommended.</summary>
    public string[]? Deny { get; init; }

    /// <summary>Ids of the items whose best users are wanted.</summary>
    public string[]? UsersOfItems { get; init; }

    /// <summary>The items table.</summary>
    public ItemTable? Items { get; init; }
}
