using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

/// <summary>Sets of users' items, compared with searching their lists.</summary>
public sealed class ItemSetsTests
{
    [Property(MaxTest = 100)]
    public void ASetHoldsTheItemsOfItsUserAndNoOthers(int seed, PositiveInt users, PositiveInt extra, NonNegativeInt longerThan)
    {
        var draw = new Random(seed);
        int itemCount = draw.Next(2) == 0 ? extra.Get : 1000 * extra.Get; // bits, and tables if a user has few of many items
        int[][] lists = [.. Enumerable.Range(0, users.Get).Select(_ => Numbers.Distinct(draw, itemCount, draw.Next(Math.Min(itemCount, 300) + 1)))];
        using var sets = new ItemSets([.. lists.SelectMany(list => list)], Starts(lists), itemCount, longerThan.Get);
        for (int user = 0; user < lists.Length; user++)
        {
            Assert.Equal(lists[user].Length > longerThan.Get, sets[user].IsThere);
            if (!sets[user].IsThere) continue;
            HashSet<int> twin = [.. lists[user]];
            Assert.DoesNotContain(Enumerable.Range(0, Math.Min(itemCount, 2000)).Concat(lists[user]), item => twin.Contains(item) != sets[user].Holds(item));
        }
    }

    [Theory]
    [InlineData(200, 1000, 32)]          // bits
    [InlineData(200, 1_000_000, 512)]    // a table
    [InlineData(256, 1_000_000, 1024)]
    [InlineData(1_000_000, 1_200_000, 37_500)]
    [InlineData(1, 33, 2)]
    public void ASetIsBitsOrATableWhicheverIsSmaller(int count, int itemCount, long words) => Assert.Equal(words, ItemSet.Words(count, itemCount));

    [Property]
    public bool ASetIsNeverLargerThanFourWordsAnItem(PositiveInt count, NonNegativeInt more) =>
        ItemSet.Words(count.Get, count.Get + more.Get * 1000) <= 4L * count.Get;

    private static int[] Starts(int[][] lists)
    {
        int[] starts = new int[lists.Length + 1];
        for (int user = 0; user < lists.Length; user++) starts[user + 1] = starts[user] + lists[user].Length;
        return starts;
    }
}
