using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Serving.Tests;

[Collection(SampleRuns.Name)]
public sealed class RecommendationTests(HistoryRun history, RulesRun rules)
{
    public static TheoryData<bool> Runs => [true, false];

    private SampleRun Run(bool withRules) => withRules ? rules : history;

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task EveryUsersListIsTheOneThatScoreWrote(bool withRules)
    {
        SampleRun run = Run(withRules);
        run.Nights.PutInProduction(SampleRun.Second);
        Dictionary<string, List<(string Item, float Score, string Source)>> written = run.Written(SampleRun.Second);
        await using ServingHost host = run.Serve();
        using var client = new Client(host);
        Assert.Equal(withRules ? 60 : 62, written.Count);
        foreach ((string user, var rows) in written)
        {
            JsonElement answer = await client.GetAsync($"/v1/users/{Uri.EscapeDataString(user)}/recommendations");
            Assert.Equal(rows.Select(row => (row.Item, row.Score)), Client.ListOf(answer));
            Assert.Equal(rows[0].Source, answer.GetProperty("source").GetString());
            Assert.Equal(SampleRun.Second, answer.GetProperty("night").GetString());
            IEnumerable<int> ranks = answer.GetProperty("recommendations").EnumerateArray().Select(one => one.GetProperty("rank").GetInt32());
            Assert.Equal(Enumerable.Range(1, rows.Count), ranks);
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task AShorterListIsTheBeginningOfALongerOne(bool withRules)
    {
        await using ServingHost host = Run(withRules).Serve();
        using var client = new Client(host);
        string user = Uri.EscapeDataString(Run(withRules).Written(SampleRun.First).Keys.First());
        List<(string, float)> all = Client.ListOf(await client.GetAsync($"/v1/users/{user}/recommendations?k=1000"));
        for (int k = 1; k <= all.Count + 1; k++) Assert.Equal(all.Take(k), Client.ListOf(await client.GetAsync($"/v1/users/{user}/recommendations?k={k}")));
    }

    [Fact]
    public async Task EveryListOfScoreListsIsTheOneThatScoreWrote()
    {
        rules.Nights.PutInProduction(SampleRun.First);
        await using ServingHost host = rules.Serve();
        using var client = new Client(host);
        foreach (string list in new[] { "later", "again", "because", "hot" })
        {
            Dictionary<string, List<(string Item, float Score, string Source)>> written = rules.Written(SampleRun.First, $"lists/{list}");
            Assert.NotEmpty(written);
            foreach (string user in rules.Written(SampleRun.First).Keys)
            {
                JsonElement answer = await client.GetAsync($"/v1/users/{Uri.EscapeDataString(user)}/recommendations?list={list}");
                var rows = written.GetValueOrDefault(user, []);
                Assert.Equal(rows.Select(row => (row.Item, row.Score)), Client.ListOf(answer));
                if (rows.Count == 0) continue;
                Assert.Equal(rows[0].Source, answer.GetProperty("source").GetString());
                Assert.Equal(rows.Take(1).Select(row => (row.Item, row.Score)),
                    Client.ListOf(await client.GetAsync($"/v1/users/{Uri.EscapeDataString(user)}/recommendations?k=1&list={list}")));
            }
        }

        Assert.Contains("did you mean hot?", await client.RefusalAsync(400, "/v1/users/1/recommendations?list=hto"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ANamedListTakesOnlyItsItemsInTheSameOrder()
    {
        await using ServingHost host = rules.Serve(rules.WithLists with { MaxK = 100 });
        using var client = new Client(host);
        HashSet<string> few = [.. File.ReadLines(Path.Combine(rules.Folder, "lists", "few.csv")).Skip(1)];
        foreach (string user in rules.Written(SampleRun.First).Keys.Take(10).Select(Uri.EscapeDataString))
        {
            List<(string Item, float Score)> list = Client.ListOf(await client.GetAsync($"/v1/users/{user}/recommendations?k=100&list=few"));
            Assert.All(list, one => Assert.Contains(one.Item, few));
            Assert.Equal(list.OrderByDescending(one => one.Score), list);
            Assert.True(list.Count <= 2 + 2); // two series of at most two items (MaxPerGroup) are among the nine
        }

        string second = Path.Combine(rules.Folder, "lists", "few.txt");
        File.WriteAllText(second, "item_id\nx\n");
        string message = Assert.Throws<InvalidInputException>(() => rules.Serve(rules.WithLists)).Message;
        Assert.Contains("two files of the list few", message, StringComparison.Ordinal);
        File.Delete(second);
        Assert.Contains("did you mean few?", await client.RefusalAsync(400, "/v1/users/1/recommendations?list=fwe"), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The slow twin: somebody without rows of their own whose pool is the session, scored against every item and sorted.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("10,4,1")]
    [InlineData("7,7,1,7")]
    public async Task ANewUsersSessionIsScoredByTheHistoryEncoder(string items)
    {
        history.Nights.PutInProduction(SampleRun.First);
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        JsonElement answer = await client.PostAsync("/v1/recommendations", $"{{\"items\": [{items}, 999], \"k\": 100}}");

        TrainedModel model = history.ModelOf(SampleRun.First);
        int[] session = [.. items.Split(',').Select(model.Items.Find).Reverse().Distinct()];
        foreach (Weight table in model.Weights.UserTables) table.Row(0).Clear();
        int[] pools = [.. Enumerable.Repeat(-1, model.Users.Count * model.Weights.Pools!.Length)];
        session.CopyTo(pools, 0);
        model.Weights.Pools = new UserPools(model.Weights.Pools.Length, pools);
        using var scorer = new FusedScorer(model.Weights, SimdLevels.FromEnvironment());
        float[] scores = new float[model.Items.Count];
        scorer.ScoreAll([0], scores);
        var twin = Enumerable.Range(0, scores.Length).Except(session).OrderByDescending(item => scores[item]).ThenBy(item => item);
        Assert.Equal(twin.Select(item => (model.Items.TextOf(item), scores[item])), Client.ListOf(answer));
        Assert.Equal(Source.History, answer.GetProperty("source").GetString());
        Assert.Equal(1, answer.GetProperty("unknown_items").GetInt32());
    }

    [Fact]
    public async Task AKnownUserWithoutASessionGetsTheirListAndWithOneNothingThatTheyUsed()
    {
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        foreach (string user in history.Written(SampleRun.First).Keys.Take(20))
        {
            List<(string Item, float)> list = Client.ListOf(await client.GetAsync($"/v1/users/{user}/recommendations"));
            Assert.Equal(list, Client.ListOf(await client.PostAsync("/v1/recommendations", $"{{\"user_id\": {user}}}")));
            Assert.Equal(list, Client.ListOf(await client.PostAsync("/v1/recommendations", $"{{\"user_id\": \"{user}\", \"items\": []}}")));
            var later = Client.ListOf(await client.PostAsync("/v1/recommendations", $"{{\"user_id\": {user}, \"items\": [{list[0].Item}], \"k\": 100}}"));
            Assert.DoesNotContain(later, one => one.Item == list[0].Item);
            Assert.All(list.Skip(1), one => Assert.Contains(later, other => other.Item == one.Item));
        }
    }

    [Fact]
    public async Task AModelWithoutAHistoryAnswersASessionByPopularityMarkedSo()
    {
        await using ServingHost host = rules.Serve();
        using var client = new Client(host);
        JsonElement nobody = await client.PostAsync("/v1/recommendations", "{\"items\": []}");
        (string first, _) = Client.ListOf(nobody)[0];
        JsonElement answer = await client.PostAsync("/v1/recommendations", JsonSerializer.Serialize(new { items = new[] { first } }));
        Assert.Equal(Source.Popularity, answer.GetProperty("source").GetString());
        Assert.DoesNotContain(Client.ListOf(answer), one => one.Item == first);
        Assert.Equal(Source.Model, (await client.PostAsync("/v1/recommendations", JsonSerializer.Serialize(
            new { user_id = rules.Written(SampleRun.First).Keys.First(), items = new[] { first } }))).GetProperty("source").GetString());
    }

    [Fact]
    public async Task SimilarItemsAreThoseThatScoreWrote()
    {
        history.Nights.PutInProduction(SampleRun.First);
        string path = Path.Combine(history.Nights.PathOf(SampleRun.First), "predictions", "similar_items", "part-00000.parquet");
        string[] items = ParquetColumns.ReadAsText(path, "item_id"), similar = ParquetColumns.ReadAsText(path, "similar_item_id");
        float[] scores = ParquetColumns.Read<float>(path, "score");
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        foreach (var rows in Enumerable.Range(0, items.Length).GroupBy(row => items[row]))
        {
            JsonElement answer = await client.GetAsync($"/v1/items/{rows.Key}/similar"); // 5, as Score:SimilarItems says
            Assert.Equal(rows.Select(row => (similar[row], scores[row])), Client.ListOf(answer, "similar"));
        }

        Assert.Contains("items look like", await client.RefusalAsync(404, "/v1/items/999/similar"), StringComparison.Ordinal);
    }
}
