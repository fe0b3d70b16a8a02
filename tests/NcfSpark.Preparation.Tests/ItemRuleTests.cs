using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>Rules over a table of items.</summary>
public sealed class ItemRuleTests : IDisposable
{
    private const string Table = "item_id,price,category,stock\n007,9.5,book,3\n7,60,book,1\n8,20,game,0\n9,,game,5\nx y,10,\"a, b\",2\n";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A rule as SQL, and as what it says of a price and a category, either of which may be missing: null where neither true nor false.</summary>
    private sealed record Condition(string Sql, Func<double?, string?, bool?> Of)
    {
        public override string ToString() => Sql;
    }

    [Fact]
    public void TheSlowTwinAgreesOnRandomRulesAndTables() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(
        Arb.From(Conditions(3)), Arb.From(Gen.ListOf(Rows, 12)), (rule, rows) =>
        {
            string csv = folder.Write($"{Guid.NewGuid():N}.csv", "item_id,price,category\n1000,1.5,a\n" + string.Concat(rows.Select((row, place) =>
                string.Create(CultureInfo.InvariantCulture, $"{place},{row.Price},{row.Category}\n"))));
            string[] expected = [.. rule.Of(1.5, "a") == true ? new[] { "1000" } : [],
                .. Enumerable.Range(0, rows.Count).Where(place => rule.Of(rows[place].Price, rows[place].Category) == true).Select(place => $"{place}")];
            if (expected.Length > 0) Assert.Equal(expected.Order(), Ids(csv, rule.Sql).Order());
            else Assert.Contains("is true of no row", Assert.Throws<InvalidInputException>(() => Ids(csv, rule.Sql)).Message, StringComparison.Ordinal);
        }));

    [Theory]
    [InlineData("price < 50 AND stock > 0", "007 | x y")]
    [InlineData("category IN ('book', 'game')", "007 | 7 | 8 | 9")]
    [InlineData("NOT price < 50", "7")]
    [InlineData("price IS NULL -- unpriced", "9")]
    [InlineData("item_id = '007'", "007")]
    public void RulesByHand(string where, string ids)
    {
        Assert.Equal(ids, string.Join(" | ", Ids(folder.Write("items.csv", Table), where)));
        string json = folder.Write("items.jsonl", """
            {"item_id":"007","price":9.5,"category":"book","stock":3}
            {"item_id":"7","price":60,"category":"book","stock":1}
            {"item_id":"8","price":20,"category":"game","stock":0}
            {"item_id":"9","category":"game","stock":5}
            {"item_id":"x y","price":10,"category":"a, b","stock":2}

            """);
        Assert.Equal(ids, string.Join(" | ", Ids(json, where)));
    }

    [Theory]
    [InlineData("price <", "Score:Where (price <) is no condition")]
    [InlineData("prize < 50", "\"prize\"")]
    [InlineData("prize < 50", "has the columns item_id (VARCHAR), price (DOUBLE), category (VARCHAR), stock (BIGINT)")]
    [InlineData("price + 1", "is of type DOUBLE and not true or false")]
    [InlineData("price > 1000", "Score:Where (price > 1000) is true of no row of")]
    [InlineData("price < 50; SELECT 1", "is no condition")]
    public void WhatIsNoRuleIsRefusedWithItsPlace(string where, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => Ids(folder.Write("items.csv", Table), where)).Message, StringComparison.Ordinal);

    [Fact]
    public void ATableWithoutTheColumnOfIdsIsRefused() => Assert.Contains("Did you mean item_id?", Assert.Throws<InvalidInputException>(
        () => new ItemRule("price > 1", "Score:Where").Answer((ListFiles.Find(new InputOptions(), folder.Write("items.jsonl",
            "{\"item_id\":1,\"price\":2}\n"), "Score:ItemsPath"), new ListColumn("Score:ItemsColumn", "item_ids")), null, [])).Message,
            StringComparison.Ordinal);

    /// <summary>Every group of users, whoever shares one, is answered as the rule says of the user's own values, written into it.</summary>
    [Theory]
    [InlineData("price < user.budget AND stock > 0")]
    [InlineData("category IN (user.liked)")]
    [InlineData("category = user.favourite OR \"user\".Budget > 50")]
    [InlineData("user.favourite IS NULL AND price > context.floor")]
    [InlineData("item.category <> user.\"favourite\" AND context.season = 'winter'")]
    public void ARuleOverTheUserIsTheRuleWithTheirValuesWrittenInIt(string where)
    {
        (string Id, string Liked, string Budget, string Favourite)[] users =
            [("1", "['book', 'toy']", "10", "'book'"), ("02", "['game']", "60.5", "NULL"), ("x y", "[]", "NULL", "'game'"),
                ("3", "['book', 'toy']", "10", "'book'")];
        string items = folder.Write("items.csv", Table), people = folder.Write("users.jsonl", string.Concat(users.Select(user =>
            $"{{\"user_id\":\"{user.Id}\",\"liked\":{user.Liked},\"budget\":{user.Budget},\"favourite\":{user.Favourite}}}\n"
                .Replace('\'', '"').Replace("NULL", "null", StringComparison.Ordinal))));
        RuleAnswer answer = new ItemRule(where, "Score:Where").Answer(Find(items, "item_id"), Find(people, "user_id"), ["season=winter", "floor=15"]);
        foreach (var (id, liked, budget, favourite) in users.Append(("nobody", "NULL", "NULL", "NULL")))
        {
            string own = where.Replace("\"user\".Budget", budget, StringComparison.Ordinal).Replace("user.budget", budget, StringComparison.Ordinal)
                .Replace("IN (user.liked)", $"IN CAST({liked} AS VARCHAR[])", StringComparison.Ordinal)
                .Replace("user.\"favourite\"", favourite, StringComparison.Ordinal).Replace("user.favourite", favourite, StringComparison.Ordinal)
                .Replace("context.floor", "15", StringComparison.Ordinal).Replace("context.season", "'winter'", StringComparison.Ordinal)
                .Replace("item.", "", StringComparison.Ordinal);
            string[] expected = Ids(items, $"({own}) OR item_id = 'x y'"); // true of one row at least
            Assert.Equal(expected.Where(one => one != "x y"), answer.IdsOf(answer.GroupOfUser.GetValueOrDefault(id)).Where(one => one != "x y"));
        }

        Assert.Equal(answer.GroupOfUser["1"], answer.GroupOfUser["3"]);
    }

    [Theory]
    [InlineData("price < user.budgets", "there is no user.budgets. Did you mean user.budget?")]
    [InlineData("price < user.budget - 1000", "is true of no row")]
    [InlineData("price < ", "Score:Lists[0]:Where (price < ) is no condition")]
    [InlineData("price < context.nothing", "is no condition")]
    public void ARuleOverTheUserThatIsNoneIsRefused(string where, string message) => Assert.Contains(message, Assert.Throws<InvalidInputException>(
        () => new ItemRule(where, "Score:Lists[0]:Where").Answer(Find(folder.Write("items.csv", Table), "item_id"),
            Find(folder.Write("users.csv", "user_id,budget\n1,10\n2,20\n"), "user_id"), ["season=winter"])).Message, StringComparison.Ordinal);

    [Fact]
    public void AUserWithTwoRowsThatDifferAndARuleWithoutATableOfUsersAreRefused()
    {
        string items = folder.Write("items.csv", Table);
        var rule = new ItemRule("price < user.budget", "Score:Where");
        Assert.Contains("the user 1 stands there twice", Assert.Throws<InvalidInputException>(() => rule.Answer(Find(items, "item_id"),
            Find(folder.Write("users.csv", "user_id,budget\n1,10\n1,20\n"), "user_id"), [])).Message, StringComparison.Ordinal);
        Assert.Contains("Score:UserRowsPath", Assert.Throws<InvalidInputException>(() => rule.Answer(Find(items, "item_id"), null, [])).Message,
            StringComparison.Ordinal);
    }

    private static string[] Ids(string path, string where)
    {
        RuleAnswer answer = new ItemRule(where, "Score:Where").Answer(Find(path, "item_id"), null, []);
        Assert.True(answer.IsOfAllUsers);
        return answer.IdsOf(0);
    }

    private static (ListFiles, ListColumn) Find(string path, string column) =>
        (ListFiles.Find(new InputOptions(), path, "Score:ItemsPath"), new ListColumn("Score:ItemsColumn", column));

    private static Gen<(double? Price, string? Category)> Rows =>
        from price in Gen.Elements<double?>(null, 0, 1.5, 2, 3.25)
        from category in Gen.Elements<string?>(null, "a", "b", "c")
        select (price, category);

    private static Gen<Condition> Conditions(int depth)
    {
        Gen<Condition> price = from bound in Gen.Elements(0.5, 1.5, 3.0) select new Condition(
            $"price < {bound.ToString(CultureInfo.InvariantCulture)}", (value, _) => value is null ? null : value < bound);
        Gen<Condition> category = from one in Gen.Elements("a", "b") select new Condition(
            $"category IN ('{one}', 'c')", (_, value) => value is null ? null : value == one || value == "c");
        Gen<Condition> missing = Gen.Constant(new Condition("price IS NOT NULL", (value, _) => value is not null));
        if (depth == 0) return Gen.OneOf(price, category, missing);
        Gen<Condition> inner = Conditions(depth - 1);
        return Gen.OneOf(
            price,
            category,
            from one in inner select new Condition($"NOT ({one.Sql})", (p, c) => !one.Of(p, c)),
            from one in inner from other in inner select new Condition($"({one.Sql}) AND ({other.Sql})", (p, c) => one.Of(p, c) & other.Of(p, c)),
            from one in inner from other in inner select new Condition($"({one.Sql}) OR ({other.Sql})", (p, c) => one.Of(p, c) | other.Of(p, c)));
    }
}
