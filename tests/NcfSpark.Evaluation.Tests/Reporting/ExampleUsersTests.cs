using NcfSpark.Core;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class ExampleUsersTests
{
    [Fact]
    public void AUserIsShownWithHistoryRecommendationsAndHits()
    {
        var data = new EvaluationData(
            1, [1, 1, 1, 0, 0], new([0, 0], [0, 1], [10, 30]), new([0], [2], [40]), new([0], [4], [50]), InteractionLists.FromRows(1, [], []));
        ExampleUser user = ExampleUsers.Build(
            new TableScorer([9, 9, 9, 1, 2]), data, new IdTable(["ada"], [2]), new IdTable(
                [10L, 11L, 12L, 13L, 14L], [1, 1, 1, 0, 0]), count: 3, recommendations: 2, seed: 1).Single();

        Assert.Equal("ada", user.UserId);
        Assert.Equal(3, user.Interactions);
        Assert.Equal(1, user.HeldOut);
        Assert.Equal([new("12", 40), new("11", 30), new("10", 10)], user.History);
        Assert.Equal([new("14", 2, true), new("13", 1, false)], user.Recommendations);
    }

    [Fact]
    public void FiguresOfTheDataCountEveryPart()
    {
        EvaluationData data = Logs.Random(30, 20, 0.4, 2, 0, seed: 2);
        DataFigures figures = DataFigures.From(data, new Dictionary<string, long>());
        Assert.Equal(data.Train.Count + data.Validation.Count + data.Test.Count, figures.Interactions);
        Assert.Equal(figures.Interactions, figures.UserInteractions.Sum(count => (long)count));
        Assert.Equal(figures.Interactions / 600.0, figures.Density, 12);
        Assert.Equal(1, figures.ShareOfMostPopular(1), 12);
    }

    [Fact]
    public void TheMostPopularShareIsHandWorked() =>
        Assert.Equal(0.7, new DataFigures([1, 7, 2, 0], [10], 10, 0, 0, null, null, new Dictionary<string, long>()).ShareOfMostPopular(0.25), 12);
}
