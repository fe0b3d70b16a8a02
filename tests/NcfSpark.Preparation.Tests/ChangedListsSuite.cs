using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Pipeline;

namespace NcfSpark.Preparation.Tests;

/// <summary>What changed between the lists of two nights; one subclass an engine.</summary>
public abstract class ChangedListsSuite : IDisposable
{
    private readonly TestFolder folder = new();

    protected abstract ISqlEngine Engine { get; }

    /// <summary>How many random nights the law may see.</summary>
    protected abstract int MostCases { get; }

    // Lists of at most 4 of 7 items for up to 6 users, each of whom may have none.
    private static Gen<Dictionary<long, string[]>> Lists =>
        from lists in (from user in Gen.Choose(1, 6) from length in Gen.Choose(1, 4) from seed in Gen.Choose(0, 1000)
            select (User: (long)user, Items: RandomItems(seed, length))).ListOf()
        select lists.DistinctBy(list => list.User).ToDictionary(list => list.User, list => list.Items);

    [SkippableFact]
    public void ChangesAppliedToTheEarlierListsGiveTheLaterOnes()
    {
        _ = Engine; // skips where there is none
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(MostCases).WithStartSize(10), Prop.ForAll(Arb.From(Lists), Arb.From(Lists), (earlier, later) =>
        {
            if (earlier.Count == 0 || later.Count == 0) return;
            string to = Path.Combine(folder.Path, Guid.NewGuid().ToString("N"), "list"); // below a directory that is not there, as that of a named list
            SortedDictionary<string, long> counts = ChangedLists.Write(Engine, Written(earlier), Written(later), to);
            var rows = Directory.Exists(to) ? Rows(to) : [];

            // As a store applies them: by the keys (user, item).
            var store = earlier.SelectMany(list => list.Value.Select((item, place) => (Key: (list.Key, item), Rank: place + 1))).ToDictionary();
            foreach ((long user, string item, string change, int rank, int earlierRank) in rows)
            {
                Assert.Equal(change == ChangedLists.Added ? 0 : store[(user, item)], earlierRank);
                if (change == ChangedLists.Removed) Assert.True(store.Remove((user, item)) && rank == 0);
                else if (change == ChangedLists.Added) store.Add((user, item), rank);
                else store[(user, item)] = rank;
            }

            Assert.Equal(later.SelectMany(list => list.Value.Select((item, place) => ((list.Key, item), place + 1))).Order(),
                store.Select(row => (row.Key, row.Value)).Order());

            // Only users whose list differs have rows, and all of them.
            long[] changed = [.. earlier.Keys.Union(later.Keys).Where(user =>
                !(earlier.GetValueOrDefault(user) ?? []).SequenceEqual(later.GetValueOrDefault(user) ?? [])).Order()];
            Assert.Equal(changed, rows.Select(row => row.User).Distinct().Order());
            Assert.Equal(changed.Length, counts["users"]);
            Assert.Equal(rows.Count, counts["added"] + counts["moved"] + counts["removed"]);
        }));
    }

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static string[] RandomItems(int seed, int length)
    {
        string[] items = ["a", "b", "c", "d", "e", "f", "g"];
        RandomStream.Named(seed, "list").Shuffle(items.AsSpan());
        return items[..length];
    }

    private string Written(Dictionary<long, string[]> lists)
    {
        string directory = Path.Combine(folder.Path, Guid.NewGuid().ToString("N"));
        using ParquetFile file = ParquetFile.Create(Path.Combine(directory, "part-00000.parquet"), ("user_id", typeof(long)), ("rank", typeof(int)),
            ("item_id", typeof(string)), ("score", typeof(float)), ("source", typeof(string)));
        var rows = lists.OrderBy(list => list.Key)
            .SelectMany(list => list.Value.Select((item, place) => (User: list.Key, Rank: place + 1, Item: item))).ToArray();
        file.WriteGroup(Array.ConvertAll(rows, row => row.User), Array.ConvertAll(rows, row => row.Rank), Array.ConvertAll(rows, row => row.Item),
            Array.ConvertAll(rows, row => 1f / row.Rank), Array.ConvertAll(rows, _ => "model"));
        return directory;
    }

    private static List<(long User, string Item, string Change, int Rank, int EarlierRank)> Rows(string directory)
    {
        long[] users = ParquetColumns.Read<long>(directory, "user_id");
        string[] items = ParquetColumns.ReadStrings(directory, "item_id"), changes = ParquetColumns.ReadStrings(directory, "change");
        int[] ranks = ParquetColumns.Read<int>(directory, "rank"), earlier = ParquetColumns.Read<int>(directory, "earlier_rank");
        return [.. Enumerable.Range(0, users.Length).Select(row => (users[row], items[row], changes[row], ranks[row], earlier[row]))];
    }
}

/// <summary>The law on DuckDB.</summary>
[Collection(EngineCollection.Name)]
public sealed class DuckDbChangedListsTests(EngineFixture fixture) : ChangedListsSuite
{
    protected override ISqlEngine Engine => fixture.Engine;

    protected override int MostCases => 40;
}

/// <summary>The law on Spark.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkChangedListsTests(SparkFixture spark) : ChangedListsSuite
{
    protected override ISqlEngine Engine => spark.Engine;

    protected override int MostCases => int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_SPARK_CASES") ?? "2");
}
