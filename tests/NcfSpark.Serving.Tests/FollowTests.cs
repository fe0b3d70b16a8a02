using System.Collections.Concurrent;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Serving.Tests;

/// <summary>Production changes while requests come in.</summary>
[Collection(SampleRuns.Name)]
public sealed class FollowTests(HistoryRun history)
{
    private static readonly string[] nights = [SampleRun.First, SampleRun.Second];

    [Fact]
    public Task SwitchesFailNoRequestAndMixNoAnswer() => SwitchAsync(20);

    [Fact]
    [Trait("Category", "Slow")]
    public Task NeitherDoTwoHundred() => SwitchAsync(200);

    [Fact]
    public async Task AnotherNightIsServedByItselfOnceItIsInProduction()
    {
        history.Nights.PutInProduction(SampleRun.First);
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        foreach (string night in new[] { SampleRun.Second, SampleRun.First })
        {
            Put(night);
            while ((await client.GetAsync("/v1/users/1/recommendations")).GetProperty("night").GetString() != night) await Task.Delay(20);
        }
    }

    [Fact]
    public async Task ANightThatCannotBeReadLeavesTheOneBeforeAnswering()
    {
        const string Broken = "2026-11-03";
        history.Nights.PutInProduction(SampleRun.First);
        await using ServingHost host = history.Serve(SampleRun.Options with { PollSeconds = 3600 });
        using var client = new Client(host);
        Put(Broken);
        host.Production.Look();
        host.Production.Look(); // it is not tried again at once
        Assert.Equal(SampleRun.First, (await client.GetAsync("/v1/users/1/recommendations")).GetProperty("night").GetString());
        Assert.Contains("ncfspark_serving_model_failures_total 1\n", await client.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Put(SampleRun.Second);
        host.Production.Look();
        Assert.Equal(SampleRun.Second, (await client.GetAsync("/v1/users/1/recommendations")).GetProperty("night").GetString());
    }

    /// <summary>The old night is freed when the last request that holds it is done, not before.</summary>
    [Fact]
    public async Task ANightIsFreedByWhoHoldsItLast()
    {
        history.Nights.PutInProduction(SampleRun.First);
        await using ServingHost host = history.Serve(SampleRun.Options with { PollSeconds = 3600 });
        ServedModel held = host.Production.Hold();
        Put(SampleRun.Second);
        host.Production.Look();
        Assert.NotEmpty(held.Recommend(0, 3, null).Best.Items(0).ToArray());
        Assert.True(held.TryHold());
        held.Release();
        held.Release();
        Assert.False(held.TryHold());
    }

    // Every answer is all of one night: that which it names.
    private async Task SwitchAsync(int switches)
    {
        const string Pairs = """{"instances":[{"user_id":1,"item_id":4},{"user_id":4,"item_id":7},{"user_id":7,"item_id":1}]}""";
        history.Nights.PutInProduction(SampleRun.First);
        var lists = nights.ToDictionary(night => night, night => history.Written(night));
        string[] users = [.. lists[SampleRun.First].Keys];
        await using ServingHost host = history.Serve(SampleRun.Options with { PollSeconds = 3600, Queue = 10_000, TimeoutSeconds = 3600 });
        using var client = new Client(host);
        var pairs = new ConcurrentDictionary<string, string>(); // what each night says of them
        using var enough = new CancellationTokenSource();
        Task[] load = [.. Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (int number = worker; !enough.IsCancellationRequested; number++)
            {
                string user = users[number % users.Length];
                JsonElement answer = await client.GetAsync($"/v1/users/{user}/recommendations");
                string night = answer.GetProperty("night").GetString()!;
                Assert.Equal(lists[night][user].Select(row => (row.Item, row.Score)), Client.ListOf(answer));

                using HttpResponseMessage scored = await client.Http.PostAsync("/v1/models/ncf:predict", Client.Content(Pairs));
                string text = $"{await Client.ReadAsync(scored, System.Net.HttpStatusCode.OK)}";
                Assert.Equal(pairs.GetOrAdd(scored.Headers.GetValues("NcfSpark-Night").Single(), text), text);
            }
        }))];

        for (int change = 1; change <= switches; change++)
        {
            Put(nights[change % 2]);
            host.Production.Look();
        }

        await enough.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal((switches, 0), (host.Production.Switches, host.Production.Failures));
        Assert.InRange(pairs.Count, 1, 2);
        Assert.Equal(pairs.Count, pairs.Values.Distinct().Count());
    }

    // Without waiting for the disks, as RunNights does.
    private void Put(string night)
    {
        string link = Path.Combine(history.Nights.Path, ".link");
        File.Delete(link);
        File.CreateSymbolicLink(link, night);
        LinuxFiles.Rename(link, history.Nights.CurrentPath);
    }
}
