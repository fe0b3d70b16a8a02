using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Tables of items' features, and items that are hidden from training.</summary>
[Collection(EngineCollection.Name)]
public sealed class ItemFeaturesTests(EngineFixture fixture) : IDisposable
{
    private const string Table = "id,brand,tags,price,name\n1,A,x|y,5,Red Car\n2,A,y,7,red bus\n3,B,,9,\n9,B,x|x|z,,Blue Car\n";
    private readonly TestFolder folder = new();
    private int runs;

    private static FeatureOptions Columns => new()
    {
        IdColumn = "id", Categories = ["brand"], Lists = ["tags"], Numbers = ["price"], Buckets = 2, LeastItems = 1,
    };

    public void Dispose() => folder.Dispose();

    private PreparedData Prepare(string table, FeatureOptions columns, PrepareOptions? prepare = null, ISqlEngine? engine = null, string name = "items.csv")
    {
        string log = folder.Write("log.csv", "user_id,item_id,timestamp\na,1,1\na,2,2\na,3,3\na,1,4\nb,2,1\nb,1,2\nb,3,7\nc,1,1\nc,3,2\n");
        var input = new InputOptions { Path = log, ItemFeatures = columns with { Path = table.Length == 0 ? "" : folder.Write(name, table) } };
        prepare ??= PlainOptions.Prepare with { Split = SplitRule.Latest, Holdout = 1, TestCandidates = 0, NegativesPerPositive = 0 };
        string run = Path.Combine(folder.Path, $"run{runs++}");
        return new PreparedData(PreparedRun.Prepare(engine ?? fixture.Engine, input, prepare, run, SilentProgress.Instance));
    }

    private static string[] Pairs(PreparedData data)
    {
        (InteractionLists ofItem, string[] names) = data.ReadItemFeatures();
        IdTable items = data.ReadItems();
        return [.. Enumerable.Range(0, items.Count).SelectMany(item => ofItem[item].ToArray()
            .Select(feature => $"{items.TextOf(item)} {names[feature]}")).Order()];
    }

    [Fact]
    public void FeaturesByHandOnBothKindsOfEngine()
    {
        using var portable = new PortableEngine(fixture.Engine);
        foreach (ISqlEngine engine in (ISqlEngine[])[fixture.Engine, portable])
        {
            PreparedData data = Prepare(Table, Columns, engine: engine);
            string[] wanted = ["1 brand=A", "1 price#0", "1 tags=x", "1 tags=y", "2 brand=A", "2 price#1", "2 tags=y", "3 brand=B", "3 price#1", "9 brand=B",
                "9 tags=x", "9 tags=z"];
            Assert.Equal(wanted, Pairs(data));
            IdTable items = data.ReadItems(); // item 9 is in no interaction, and last
            Assert.Equal("9", items.TextOf(items.Count - 1));
            Assert.Equal(0, items.Interactions[^1]);
            Assert.Equal(1, data.Directory.Manifest.Rows[PreparedData.ColdItems]);
        }
    }

    [Fact]
    public void ListsOfJsonLinesAreTheSameAsTexts()
    {
        const string Json = """
            {"id":1,"brand":"A","tags":["x","y"],"price":5,"name":"Red Car"}
            {"id":2,"brand":"A","tags":["y"],"price":7,"name":"red bus"}
            {"id":3,"brand":"B","tags":[],"price":9,"name":""}
            {"id":9,"brand":"B","tags":["x","x","z"],"price":null,"name":"Blue Car"}
            """;
        Assert.Equal(Pairs(Prepare(Table, Columns)), Pairs(Prepare(Json, Columns, name: "items.jsonl")));
    }

    [Fact]
    public void WordsAndPairsOfLettersAreHashedInLowerCase()
    {
        string[] pairs = Pairs(Prepare(Table, new() { IdColumn = "id", Texts = ["name"], TextFeatures = 1_000_000 }));
        string car = $"name~{PortableHash.OfText("car") % 1_000_000}", red = $"name~{PortableHash.OfText("red") % 1_000_000}";
        string ed = $"name~~{PortableHash.OfText("ed") % 1_000_000}";
        Assert.Superset(new HashSet<string> { $"1 {car}", $"1 {red}", $"2 {red}", $"9 {car}", $"1 {ed}", $"2 {ed}" }, new HashSet<string>(pairs));
        Assert.DoesNotContain(pairs, pair => pair.StartsWith('3'));
    }

    [Fact]
    public void WhatFewItemsHaveIsLeftOut() =>
        Assert.DoesNotContain(Pairs(Prepare(Table, Columns with { LeastItems = 2 })), pair => pair.EndsWith("tags=z", StringComparison.Ordinal));

    [Theory]
    [InlineData("no column", "gengres", "ItemFeatures:Lists")]
    [InlineData("no id", "", "ItemFeatures:IdColumn")]
    [InlineData("no number", "", "line 2, column brand: A is no number")]
    [InlineData("many values", "", "line 4, column brand: with B it has more than 1 different values")]
    public void WhatCannotBeIsRefusedByItsPlace(string what, string column, string wanted)
    {
        FeatureOptions columns = what switch
        {
            "no column" => Columns with { Lists = [column] },
            "no id" => Columns with { IdColumn = "item" },
            "no number" => Columns with { Numbers = ["brand"] },
            _ => Columns with { MaxValues = 1, Lists = [] },
        };
        Assert.Contains(wanted, Assert.Throws<InvalidInputException>(() => Prepare(Table, columns)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HiddenItemsAreTestedAndNothingElseChangesOfTheOthers()
    {
        LogRow[] rows = [.. Enumerable.Range(0, 40).SelectMany(u => Enumerable.Range(0, 30).Where(i => (u * 7 + i * 11) % 3 > 0)
            .Select(i => new LogRow($"{u}", $"{i}", (u * 31 + i * 17) % 50)))];
        string log = folder.Write("more.csv", "user_id,item_id,timestamp\n" + string.Concat(rows.Select(row => $"{row.User},{row.Item},{row.Timestamp}\n")));
        PrepareOptions options = PlainOptions.Prepare with
        {
            Split = SplitRule.Latest, Holdout = 2, ColdItems = 0.3, NegativesPerPositive = 2, TestCandidates = 3, NegativesAvoid = AvoidedItems.Trained,
        };
        using var portable = new PortableEngine(fixture.Engine);
        Rows[] each = [.. ((ISqlEngine[])[fixture.Engine, portable]).Select(engine => Rows.Of(PreparedRun.Prepare(
            engine, new InputOptions { Path = log }, options, Path.Combine(folder.Path, $"run{runs++}"), SilentProgress.Instance)))];
        Rows.AssertEqual(each[0], each[1]);
        int cold = each[0].Items.Count(item => item.Interactions == 0);
        Assert.InRange(cold, 3, 16);
        int first = each[0].Items.Count - cold; // they are last
        Assert.DoesNotContain(each[0].Train, row => row.Item >= first); // neither as positives nor as stored negatives
        Assert.Equal(rows.Length, each[0].Positives.Count() + each[0].Test.Count);
        Assert.All(each[0].Test.Where(row => row.Item < first).GroupBy(row => row.User), user => Assert.Equal(2, user.Count()));
    }

    [Fact]
    public void HiddenUsersAreTestedAndNothingElseChangesOfTheOthers()
    {
        LogRow[] rows = [.. Enumerable.Range(0, 40).SelectMany(u => Enumerable.Range(0, 30).Where(i => (u * 7 + i * 11) % 3 > 0)
            .Select(i => new LogRow($"{u}", $"{i}", (u * 31 + i * 17) % 50)))];
        string log = folder.Write("users.csv", "user_id,item_id,timestamp\n" + string.Concat(rows.Select(row => $"{row.User},{row.Item},{row.Timestamp}\n")));
        using var portable = new PortableEngine(fixture.Engine);
        Rows Of(ISqlEngine engine, double users, double items) => Rows.Of(PreparedRun.Prepare(
            engine, new InputOptions { Path = log }, PlainOptions.Prepare with { Split = SplitRule.Latest, Holdout = 2, ColdUsers = users, ColdItems = items },
            Path.Combine(folder.Path, $"run{runs++}"), SilentProgress.Instance));
        Rows hidden = Of(fixture.Engine, 0.3, 0);
        Rows.AssertEqual(hidden, Of(portable, 0.3, 0));
        Rows.AssertEqual(Of(fixture.Engine, 0.3, 0.3), Of(portable, 0.3, 0.3));
        var trained = hidden.Train.Select(row => row.User).ToHashSet();
        int[] cold = [.. Enumerable.Range(0, 40).Where(user => !trained.Contains(user))];
        Assert.InRange(cold.Length, 4, 22);
        Rows plain = Of(fixture.Engine, 0, 0);
        ILookup<int, int> Tested(Rows of) => of.Test.ToLookup(row => row.User, row => 0);
        Assert.All(Enumerable.Range(0, 40), user => Assert.Equal(
            cold.Contains(user) ? plain.Positives.Count(row => row.User == user) + Tested(plain)[user].Count() : 2, Tested(hidden)[user].Count()));
    }
}
