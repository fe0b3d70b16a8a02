using NcfSpark.Core;

namespace NcfSpark.Scoring.Tests;

/// <summary>What is made of the lists and tables that the settings name.</summary>
public sealed class ListsTests
{
    private static readonly IdTable Items = new(["a", "b", "c", "d"], [9, 5, 5, 1]);

    [Fact]
    public void TheDocumentedUsers()
    {
        ChosenUsers chosen = ChosenUsers.Of(new IdTable([5L, 7, 9], [1, 1, 1]), ["9", "6", "5", "6"]);
        Assert.Equal([0, ~0, 2], chosen.Users);
        Assert.Equal(1, chosen.UnknownCount);
        Assert.Equal(new[] { 5L, 6, 9 }, chosen.IdsOf(chosen.Users));
        ChosenUsers texts = ChosenUsers.Of(new IdTable(["e", "g"], [1, 1]), ["z", "g", "a", "f"]);
        Assert.Equal(new[] { "a", "f", "g", "z" }, texts.IdsOf(texts.Users));
    }

    [Fact]
    public void OfPairsTheFirstIdThatIsNoWholeNumberIsKnownByItsRow()
    {
        PairList pairs = PairList.Of([new Array[] { new long[] { 1, 2 }, new[] { "1", "2" } }, [new[] { "3", "eve", "007" }, new[] { "-4", "+5", "6" }]]);
        Assert.Equal((5, (3, "eve"), (3, "+5")), (pairs.Count, pairs.TextUser!.Value, pairs.TextItem!.Value));
        Assert.Null(PairList.Of([new Array[] { new long[] { 1 }, new[] { "-1" } }]).TextItem);
    }

    [Fact]
    public void AListOfWhichTheModelKnowsLittleIsToldWithBothSpellings()
    {
        Assert.Equal("Score:DenyPath: none of its 2 item ids are known to the model. Ids such as '12' match no item; items look like '12.0'.",
            ListMatch.Remark("Score:DenyPath", "item", ["12", "13"], new IdTable(["12.0", "13.0"], [1, 1])));
        Assert.Equal("Score:UsersPath: 1 of its 3 user ids is known to the model. Ids such as '007' match no user; users look like '7'.",
            ListMatch.Remark("Score:UsersPath", "user", ["7", "007", "08"], new IdTable([7L, 8], [1, 1])));
        Assert.Equal("Score:DenyPath: '7.0' is no whole number as all items of the log are, and matches none.",
            ListMatch.Remark("Score:DenyPath", "item", ["7", "8", "7.0"], new IdTable([7L, 8], [1, 1])));
        Assert.Null(ListMatch.Remark("Score:UsersPath", "user", ["7", "8", "9"], new IdTable([7L, 8], [1, 1]))); // a new user is nothing unusual
        Assert.Null(ListMatch.Remark("Score:UsersPath", "user", [], new IdTable([7L, 8], [1, 1])));
        Assert.Equal("Input:TitlesPath: none of 2 items has a title. Ids such as '12' match no item; items look like '12.0'.",
            ListMatch.RemarkOfTable("Input:TitlesPath", "title", ["12", "13"], new IdTable(["12.0", "13.0"], [1, 1])));
        // A catalogue has more than was sold.
        Assert.Null(ListMatch.RemarkOfTable("Input:TitlesPath", "title", ["1", "2", "3", "12.0"], new IdTable(["12.0", "13.0"], [1, 1])));
    }

    [Fact]
    public void AllowAndDenyLeaveWhatOneHasAndTheOtherHasNot()
    {
        Assert.Equal([0, 1, 2, 3], Left(new ScoreLists(), new ScoreOptions(), out _));
        Assert.Equal([1, 3], Left(new ScoreLists { Allow = ["d", "x", "b", "a"], Deny = ["a", "y", "z"] }, new ScoreOptions(),
            out SortedDictionary<string, long> counts));
        Assert.Equal((1, 2, 2), (counts["unknown_in_allow_list"], counts["unknown_in_deny_list"], counts["items_left"]));
        Assert.Contains("No item may be recommended",
            Assert.Throws<InvalidInputException>(() => Left(new ScoreLists { Allow = ["x"] }, new ScoreOptions(), out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARuleLeavesOfTheOthersThoseThatMeetIt()
    {
        Assert.Equal([0, 2], Left(new ScoreLists { Where = Rule("c", "x", "a") }, new ScoreOptions(), out SortedDictionary<string, long> counts));
        Assert.Equal((1, 2), (counts["unknown_in_where"], counts["items_left"]));
        Assert.Equal([2], Left(new ScoreLists { Where = Rule("c", "a"), Allow = ["b", "c"], Deny = ["a"] }, new ScoreOptions(), out _));
        Assert.Contains("Score:Where",
            Assert.Throws<InvalidInputException>(() => Left(new ScoreLists { Where = Rule("x") }, new ScoreOptions(), out _)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ItemsOlderThanATimeOrWithoutOneAreLeftOut()
    {
        var table = new ItemTable("items.csv", ["d", "b", "c", "unknown", "b"], null,
            [TimestampText.Parse("2020"), TimestampText.Parse("2019-12-31T23:59:59Z"), null, 5, TimestampText.Parse("2019-12-31T23:59:59Z")]);
        Assert.Equal([3], Left(new ScoreLists { Items = table }, new ScoreOptions { NotOlderThan = "2020-01-01", ItemDate = ItemDate.Column },
            out SortedDictionary<string, long> counts));
        Assert.Equal(2, counts["items_without_date"]);
        Assert.Equal([1, 2], Left(new ScoreLists(), new ScoreOptions { NotOlderThan = "100", ItemDate = ItemDate.Last }, out _, [99, 100, 101, null]));
    }

    [Fact]
    public void ATableThatContradictsItselfIsRefused()
    {
        var table = new ItemTable("items.csv", ["a", "a"], ["drama", "comedy"], null);
        Assert.Contains("items.csv: the item a stands there twice, with two different groups", Assert.Throws<InvalidInputException>(
            () => Left(new ScoreLists { Items = table }, new ScoreOptions { MaxPerGroup = 1 }, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ItemsWithoutAGroupAreOfNone()
    {
        var table = new ItemTable("items.csv", ["a", "b", "c"], ["drama", "", "drama"], null);
        var counts = new SortedDictionary<string, long>();
        RecommendableItems items = RecommendableItems.Of(Items, new ScoreLists { Items = table }, new ScoreOptions { MaxPerGroup = 1 }, () => [], counts);
        Assert.Equal([0, -1, 0, -1], Enumerable.Range(0, 4).Select(items.Groups!.GroupOf));
        Assert.Equal(2, counts["items_without_group"]);
    }

    [Theory]
    [InlineData("1970", 0)]
    [InlineData("1970-01-02", 86_400)]
    [InlineData("19700102", 86_400)]
    [InlineData("1970-01-01T01:00:00+01:00", 0)]
    [InlineData("1970-01-01 00:01", 60)]
    [InlineData("86400", 86_400)]
    [InlineData("-1", -1)]
    [InlineData("soon", null)]
    [InlineData("1717113600000", null)] // milliseconds
    [InlineData("", null)]
    public void Moments(string text, int? seconds) => Assert.Equal(seconds, TimestampText.Parse(text));

    private static RuleAnswer Rule(params string[] ids) => new(ids, new Dictionary<string, int>(), [[(1u << ids.Length) - 1]]);

    private static int[] Left(ScoreLists lists, ScoreOptions options, out SortedDictionary<string, long> counts, long?[]? times = null)
    {
        counts = [];
        return RecommendableItems.Of(Items, lists, options, () => times!, counts).Items;
    }
}
