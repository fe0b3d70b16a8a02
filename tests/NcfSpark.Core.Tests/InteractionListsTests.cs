using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

/// <summary>Packed lists are what grouping the pairs gives.</summary>
public sealed class InteractionListsTests
{
    private const int Users = 7, Items = 11;

    [Fact]
    public void AWorkedExample()
    {
        InteractionLists lists = InteractionLists.FromRows(3, [0, 2, 0, 0], [4, 3, 1, 4]);
        Assert.Equal([4, 1, 4, 3], lists.Items);
        Assert.Equal([0L, 3, 3, 4], lists.Offsets);
        (InteractionLists distinct, double[]? weights) = lists.Distinct([0.5, 1, 2, 3]);
        Assert.Equal([1, 4, 3], distinct.Items);
        Assert.Equal([1.0, 2, 3], weights!); // of item 4 the larger of 0.5 and 2
        Assert.Equal([0L, 0, 1, 1, 2, 3], distinct.Transposed(5).Offsets);
        Assert.Equal([0, 2, 0], distinct.Transposed(5).Items);
    }

    [Property(MaxTest = 200)]
    public void ListsOfPartsAreThoseOfTheWholeAndPlacesLeadBackToTheRows((byte User, byte Item, bool Kept)[] rows, byte cut)
    {
        int[] users = Array.ConvertAll(rows, row => row.User % Users), items = Array.ConvertAll(rows, row => row.Item % Items);
        int at = rows.Length == 0 ? 0 : cut % rows.Length;
        InteractionLists whole = InteractionLists.FromRows(Users, users, items);
        InteractionLists parts = InteractionLists.FromParts(Users, [(users[..at], items[..at]), (users[at..], items[at..])]);
        InteractionLists places = InteractionLists.PlacesOf(Users, users), kept = InteractionLists.PlacesOf(
            Users, users, Array.ConvertAll(rows, row => row.Kept ? 1 : 0));
        for (int user = 0; user < Users; user++)
        {
            int[] own = [.. Enumerable.Range(0, rows.Length).Where(row => users[row] == user)];
            Assert.Equal(own.Select(row => items[row]), whole[user].ToArray());
            Assert.Equal(whole[user].ToArray(), parts[user].ToArray());
            Assert.Equal(own, places[user].ToArray());
            if (rows.Length > 0) Assert.Equal(own.Where(row => rows[row].Kept), kept[user].ToArray());
        }
    }

    [Property(MaxTest = 200)]
    public void DistinctListsAreSetsWithTheLargestWeightsAndTurnedRoundTheyHoldTheSamePairs((byte User, byte Item, byte Weight)[] rows)
    {
        int[] users = Array.ConvertAll(rows, row => row.User % Users), items = Array.ConvertAll(rows, row => row.Item % Items);
        InteractionLists lists = InteractionLists.FromRows(Users, users, items);
        double[] weights = Array.ConvertAll(InteractionLists.PlacesOf(Users, users).Items, row => (double)rows[row].Weight);
        (InteractionLists plain, double[]? none) = lists.Distinct();
        (InteractionLists distinct, double[]? largest) = lists.Distinct(weights);
        Assert.Null(none);
        var expected = Enumerable.Range(0, rows.Length).GroupBy(row => (users[row], items[row])).OrderBy(group => group.Key)
            .Select(group => (group.Key, (double)group.Max(row => rows[row].Weight))).ToArray();
        Assert.Equal(expected, Enumerable.Range(0, Users).SelectMany(user => Enumerable.Range((int)distinct.Offsets[user], distinct[user].Length)
            .Select(place => ((user, distinct.Items[place]), largest![place]))));
        Assert.Equal(distinct.Items, plain.Items);
        InteractionLists turned = distinct.Transposed(Items);
        Assert.Equal(expected.Select(pair => pair.Key).OrderBy(pair => (pair.Item2, pair.Item1)),
            Enumerable.Range(0, Items).SelectMany(item => turned[item].ToArray().Select(user => (user, item))));
    }
}
