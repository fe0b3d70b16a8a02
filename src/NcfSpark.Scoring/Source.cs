namespace NcfSpark.Scoring;

/// <summary>What a prediction rests on, as written into the column `source`.</summary>
public static class Source
{
    /// <summary>The trained model.</summary>
    public const string Model = "model";

    /// <summary>How many training users have the item: where the model was not trained on the user, or does not know the item.</summary>
    public const string Popularity = "popularity";
}
