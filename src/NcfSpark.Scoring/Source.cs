using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>What a prediction rests on, as written into the column `source`.</summary>
public static class Source
{
    /// <summary>The trained model.</summary>
    public const string Model = "model";

    /// <summary>The trained model, which knows the user by their history alone: they have no training rows.</summary>
    public const string History = "history";

    /// <summary>How many training users have the item: where the model was not trained on the user, or does not know the item.</summary>
    public const string Popularity = "popularity";

    /// <summary>What a user is scored by; below 0 is one whom the model does not know.</summary>
    internal static string Of(TrainedModel model, int user) =>
        user < 0 ? Popularity : model.Users.Interactions[user] > 0 ? Model : model.Weights.Pools is { } pools && !pools[user].IsEmpty ? History : Popularity;
}
