using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>All rows of a prepared directory, sorted, so that two of them compare by value.</summary>
internal sealed record Rows(
    IReadOnlyList<(string Id, int Index, int Interactions)> Users,
    IReadOnlyList<(string Id, int Index, int Interactions)> Items,
    IReadOnlyList<(int User, int Item, int Label, long Timestamp)> Train,
    IReadOnlyList<(int User, int Item, long Timestamp)> Validation,
    IReadOnlyList<(int User, int Item, long Timestamp)> Test,
    IReadOnlyList<(int User, int TestItem, int Item)> Candidates)
{
    public IEnumerable<(int User, int Item, long Timestamp)> Positives => Train.Where(row => row.Label == 1).Select(row => (row.User, row.Item, row.Timestamp));

    public IEnumerable<(int User, int Item, long Timestamp)> Negatives => Train.Where(row => row.Label == 0).Select(row => (row.User, row.Item, row.Timestamp));

    public static Rows Of(StageDirectory directory)
    {
        var data = new PreparedData(directory);
        (InteractionRows train, int[] labels) = data.ReadTrain();
        InteractionRows test = data.ReadHeldOut("test");
        InteractionLists candidates = data.ReadTestCandidates(test);
        return new Rows(
            Ids(data.ReadUsers()),
            Ids(data.ReadItems()),
            [.. train.Users.Select((user, row) => (user, train.Items[row], labels[row], train.Timestamps[row])).Order()],
            HeldOut(data.ReadHeldOut("validation")),
            HeldOut(test),
            [.. Enumerable.Range(0, test.Count).SelectMany(row => candidates[row].ToArray().Select(item => (test.Users[row], test.Items[row], item))).Order()]);
    }

    public static void AssertEqual(Rows expected, Rows actual)
    {
        Assert.Equal(expected.Users, actual.Users);
        Assert.Equal(expected.Items, actual.Items);
        Assert.Equal(expected.Test, actual.Test);
        Assert.Equal(expected.Validation, actual.Validation);
        Assert.Equal(expected.Train, actual.Train);
        Assert.Equal(expected.Candidates, actual.Candidates);
    }

    private static List<(string, int, int)> Ids(IdTable table) =>
        [.. Enumerable.Range(0, table.Count).Select(index => (table.TextOf(index), index, table.Interactions[index]))];

    private static List<(int, int, long)> HeldOut(InteractionRows rows) =>
        [.. rows.Users.Select((user, row) => (user, rows.Items[row], rows.Timestamps[row])).Order()];
}
