using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring.Tests;

/// <summary>Recommendations for users, in a file.</summary>
internal static class Recommendations
{
    /// <summary>For everybody whom the model knows, all items.</summary>
    public static SortedDictionary<string, long> Write(string path, TrainedModel model, IModelScorer scorer, InteractionLists seen, ScoreOptions options) =>
        Write(path, model, scorer, ChosenUsers.All(model.Users), RecommendableItems.All(model.Items), user => seen[user], options);

    public static SortedDictionary<string, long> Write(
        string path, TrainedModel model, IModelScorer scorer, ChosenUsers chosen, RecommendableItems items, ExcludedItems seen, ScoreOptions options)
    {
        using var writer = new RecommendationWriter(path, model.Items, chosen, new Recommender(model, scorer, items, options));
        writer.Write(chosen.Users, new UserPast(seen), SilentProgress.Instance);
        writer.Finish();
        return writer.Rows;
    }
}
