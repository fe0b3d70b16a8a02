using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

/// <summary>Known and new items apart, and popularity within a category.</summary>
public sealed class ItemGroupsTests
{
    // Items 0 and 1 are comedies (4 and 2 interactions), 2 a drama (1); 3 and 4 are new: a comedy, and a drama that is a comedy, too.
    private static readonly InteractionLists Features = InteractionLists.FromRows(5, [0, 1, 2, 3, 4, 4], [0, 0, 1, 0, 0, 1]);
    private static readonly int[] Interactions = [4, 2, 1, 0, 0];

    [Fact]
    public void PopularityInTheCategoryByHand()
    {
        // User 0 had one comedy and the drama: half and half. User 1 had comedies alone.
        var history = InteractionLists.FromRows(2, [0, 0, 1, 1], [0, 2, 0, 1]);
        float[] scores = new float[10];
        new CategoryPopularityScorer(history, Features, Interactions).ScoreAll([0, 1], scores);
        Assert.Equal([4 * 0.5f, 2 * 0.5f, 1 * 0.5f, 3 * 0.5f, 2 * 1f, 4, 2, 0, 3, 2], scores);
    }

    [Fact]
    public void EachKindIsRankedApart()
    {
        // Each user is tested by one known item, 1, and one new item, 3. The model has 1 first, then 0 and 2, then 3, then 4.
        int[] users = [.. Enumerable.Range(0, 30)];
        InteractionRows Rows(int item) => new(users, Array.ConvertAll(users, _ => item), new long[30]);
        InteractionRows test = InteractionRows.Concat(Rows(1), Rows(3));
        var data = new EvaluationData(30, Interactions, Rows(0), new([], [], []), test, InteractionLists.FromRows(test.Count, [], [])) { TellsNewItems = true };
        NamedScorer[] scorers = [new("model", "the model", new PopularityScorer([3f, 5, 3, 2, 1]), ScoresAreProbabilities: false)];
        EvaluationResult result = Evaluator.Run(data, scorers, new EvaluateOptions { CutOffs = [1, 10], BootstrapSamples = 0 }, SilentProgress.Instance);
        Assert.Equal(["known", "new", "new_among_new"], result.ByItem.Select(group => group.Key));
        double Of(int group, string metric) => result.ByItem[group].Result.Scorers[0].Metrics[metric]!.Value;
        Assert.Equal(1, Of(0, "ndcg@1"));
        Assert.Equal(1 / Math.Log2(4), Of(1, "ndcg@10"), 9); // behind 1 and 2; item 0 is seen
        Assert.Equal(1, Of(2, "ndcg@1"));
        Assert.All(result.ByItem, group => Assert.Equal(30, group.Result.Rows));
        // Of users 0 to 9 nothing is known: their rows are in a group of their own, and in no other.
        InteractionRows trained = new([.. users[10..]], [.. users[10..].Select(_ => 0)], new long[20]);
        var withNew = new EvaluationData(30, Interactions, trained, new([], [], []), test, InteractionLists.FromRows(test.Count, [], []))
        {
            TellsNewItems = true, TellsNewUsers = true,
        };
        EvaluationResult more = Evaluator.Run(withNew, scorers, new EvaluateOptions { CutOffs = [1, 10], BootstrapSamples = 0 }, SilentProgress.Instance);
        Assert.Equal(["known 20", "new 20", "new_among_new 20", "new_users 20"], more.ByItem.Select(group => $"{group.Key} {group.Result.Rows}"));
        Assert.Equal(10, more.ByItem[3].Result.Users);
        Assert.Empty(Evaluator.Run(data with { TellsNewItems = false }, scorers, new EvaluateOptions { CutOffs = [10], BootstrapSamples = 0 },
            SilentProgress.Instance).ByItem);
    }
}
