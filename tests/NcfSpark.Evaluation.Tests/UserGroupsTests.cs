using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Evaluation.Tests;

public class UserGroupsTests
{
    [Fact]
    public void EightyUsersOfDifferentLengthsMakeFourGroupsOfTwenty()
    {
        IReadOnlyList<int[]> groups = UserGroups.Split([.. Enumerable.Range(0, 80).Reverse()]);
        Assert.Equal([20, 20, 20, 20], groups.Select(group => group.Length));
        Assert.Equal(Enumerable.Range(60, 20), groups[0]); // the shortest histories come last here
    }

    [Fact]
    public void UsersOfOneLengthAreNotSplit() => Assert.Empty(UserGroups.Split(new int[500]));

    [Fact]
    public void TooFewUsersAreNotSplit() => Assert.Empty(UserGroups.Split([.. Enumerable.Range(0, 39)]));

    [Property(MaxTest = 100)]
    public void EveryUserIsInOneGroupAndGroupsAreInOrder(int seed, byte users, byte lengths)
    {
        RandomStream stream = RandomStream.Named(seed, "lengths");
        int[] seen = [.. Enumerable.Range(0, 2 * users).Select(user => (int)stream.Below(user, lengths + 1))];
        IReadOnlyList<int[]> groups = UserGroups.Split(seen);
        if (groups.Count == 0) return;
        Assert.Equal(Enumerable.Range(0, seen.Length), groups.SelectMany(group => group).Order());
        for (int g = 1; g < groups.Count; g++) Assert.True(groups[g - 1].Max(place => seen[place]) < groups[g].Min(place => seen[place]));
        Assert.All(groups, group => Assert.True(group.Length >= 20));
    }

    [Fact]
    public void GroupsAverageToTheWhole()
    {
        EvaluationData data = Logs.Random(120, 60, 0.3, 3, 0, seed: 6);
        EvaluationResult result = Evaluator.Run(
            data, Logs.Baselines(data), new EvaluateOptions { CutOffs = [10], BootstrapSamples = 20 }, SilentProgress.Instance);
        Assert.InRange(result.ByHistory.Count, 2, 4);
        Assert.Equal(result.WholeCatalogue.Users, result.ByHistory.Sum(group => group.Result.Users));
        Assert.Equal(result.WholeCatalogue.Rows, result.ByHistory.Sum(group => group.Result.Rows));
        double whole = result.ByHistory.Sum(group => group.Result.Users * group.Result.Scorers[1].Metrics["ndcg@10"]!.Value) / result.WholeCatalogue.Users;
        Assert.Equal(result.WholeCatalogue.Scorers[1].Metrics["ndcg@10"]!.Value, whole, tolerance: 1e-12);
    }
}
