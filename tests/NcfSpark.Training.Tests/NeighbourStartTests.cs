using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>Rows of items that start where those used close together point the same way.</summary>
public sealed class NeighbourStartTests
{
    private const int Users = 40, Items = 24, Size = 16, Groups = 3;

    // Users stay within a third of the items; the last item nobody uses.
    private static readonly TrainingSet Grouped = SetOf(from user in Enumerable.Range(0, Users)
                                                        from place in Enumerable.Range(0, 7)
                                                        select (user, (user % Groups) + (Groups * ((user + (place * place)) % 7))));

    [Fact]
    public void ItemsOfOneGroupPointTheSameWayAndOthersDoNot()
    {
        Weight rows = Started(Grouped, seed: 1);
        int[] used = [.. Grouped.Rows.Items.Distinct()];
        double Mean(Func<int, int, bool> counts) => (from a in used from b in used where a != b && counts(a, b) select Cosine(rows, a, b)).Average();
        double within = Mean((a, b) => a % Groups == b % Groups), between = Mean((a, b) => a % Groups != b % Groups);
        Assert.True(within > between + 0.5, $"{within} within, {between} between");
    }

    [Fact]
    public void RowsKeepTheirDeviationAndWhoHasNoNeighboursKeepsTheRow()
    {
        Weight before = Random(), after = Started(Grouped, seed: 1);
        Assert.Equal(before.Row(Items - 1).ToArray(), after.Row(Items - 1).ToArray());
        Assert.Equal(SquaresOf(before), SquaresOf(after), 0.1 * SquaresOf(before));
    }

    [Fact]
    public void TheSameSeedGivesTheSameBytesAndAnotherOthers()
    {
        float[] rows = Started(Grouped, seed: 1).Values.ToArray();
        Assert.Equal(rows, Started(Grouped, seed: 1).Values.ToArray());
        Assert.NotEqual(rows, Started(Grouped, seed: 2).Values.ToArray());
    }

    [Fact]
    public void WhereNobodyUsedTwoItemsNothingChanges() =>
        Assert.Equal(Random().Values.ToArray(), Started(SetOf([(0, 3), (1, 4)]), seed: 1).Values.ToArray());

    [Fact]
    public void MoreItemsThanOneTableHoldsAreRefused()
    {
        var rows = new Weight("item_gmf.weight", NeighbourStart.MostItems + 1, Size);
        Assert.Throws<InvalidInputException>(() => NeighbourStart.Set(rows, new PastItems(Grouped), Users, 1));
    }

    private static Weight Started(TrainingSet set, long seed)
    {
        Weight rows = Random();
        NeighbourStart.Set(rows, new PastItems(set), set.UserCount, seed);
        return rows;
    }

    private static Weight Random()
    {
        var rows = new Weight("item_gmf.weight", Items, Size);
        RandomStream draw = RandomStream.Named(5, "rows");
        for (int i = 0; i < rows.Values.Length; i++) rows.Values[i] = (float)(0.1 * draw.Normal(i));
        return rows;
    }

    private static TrainingSet SetOf(IEnumerable<(int User, int Item)> uses)
    {
        (int User, int Item)[] rows = [.. uses];
        return TrainingSet.Of(Users, Items, new InteractionRows([.. rows.Select(row => row.User)], [.. rows.Select(row => row.Item)],
            [.. rows.Select((_, place) => (long)place)]), [.. rows.Select(_ => 1)], []);
    }

    private static double Cosine(Weight rows, int a, int b) => Dot(rows, a, b) / Math.Sqrt(Dot(rows, a, a) * Dot(rows, b, b));

    private static double Dot(Weight rows, int a, int b) => rows.Row(a).ToArray().Zip(rows.Row(b).ToArray(), (x, y) => (double)x * y).Sum();

    private static double SquaresOf(Weight rows) => rows.Values.ToArray().Sum(value => (double)value * value);
}
