using System.Net;
using System.Text;
using NcfSpark.Core;

namespace NcfSpark.Serving.Tests;

/// <summary>Requests drawn by chance: valid ones with bytes changed, cut, doubled and exchanged, in every way in.</summary>
[Collection(SampleRuns.Name)]
public sealed class FuzzTests(HistoryRun history, RulesRun rules)
{
    private static readonly string[] bodies =
    [
        """{"instances":[{"user_id":1,"item_id":4},{"user_id":"4","item_id":[7]}],"signature_name":"serving_default"}""",
        """{"inputs":{"user_id":[1,4,-9223372036854775808],"item_id":["4",7,1e99]}}""",
        """{"instances":[{"input_1":[0.0,1.0,0],"input_2":[0,0,1]}]}""", """{"inputs":{"input_1":[[0,1]],"input_2":[[1]]}}""",
        """{"items":[1,4,"7",4],"user_id":4,"k":3,"list":"few"}""", """{"items":[]}""", """{"user_id":"ü\u0000\ud83d\ude00","k":1}""",
        "1,4\n4,\"7\"\n", "user_id,item_id\n1,4", "{\"user_id\":1,\"item_id\":4}\n{\"user_id\":1,\"item_id\":4}\n",
    ];

    private static readonly string[] pieces =
        ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "1e999", "-0", "\\u0000", "\\ud800", "\0", "\u00ff", "\n", "[[[[[[[["];

    private static readonly string[] ways =
        ["/v1/models/ncf:predict", "/v1/recommendations", "/invocations", "/v1/models/ncf/versions/20261101000001:predict", "/v1/users/1/recommendations"];

    private static readonly string[] types = ["application/json", "application/jsonlines", "text/csv", "application/json; charset=latin1", "image/png"];

    private static readonly string[] paths =
    [
        "/v1/users/{0}/recommendations?k={1}", "/v1/users/{0}/recommendations?list={1}", "/v1/items/{0}/similar?k={1}", "/v1/models/{0}",
        "/v1/models/ncf/versions/{0}", "/v1/{0}?{1}", "/{0}",
        "/v1/search?q={0}", "/v1/items/{0}", "/v1/nights/2026-11-0{0}/users/{1}",
    ];

    [Fact]
    public Task EveryRequestIsAnsweredAndNoneBy500() => FuzzAsync(2_000, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public Task SoAreTwentyThousand() => FuzzAsync(20_000, seed: 2);

    private async Task FuzzAsync(int requests, long seed)
    {
        foreach (SampleRun run in new SampleRun[] { history, rules })
        {
            run.Nights.PutInProduction(SampleRun.First);
            await using ServingHost host = run.Serve(run == rules ? rules.WithLists : null);
            using var client = new Client(host);
            string before = await client.Http.GetStringAsync("/v1/users/1/recommendations");
            RandomStream chance = RandomStream.Named(seed, "fuzzed requests");
            long draw = 0;
            int Draw(int count) => (int)chance.Below(draw++, count);
            var statuses = new SortedDictionary<int, int>();
            for (int number = 0; number < requests / 2; number++)
            {
                using HttpRequestMessage request = Draw(4) == 0 ? Get(Draw) : Post(Draw);
                using HttpResponseMessage answer = await client.Http.SendAsync(request);
                string text = await answer.Content.ReadAsStringAsync(), asked = request.Content is null ? "" : await request.Content.ReadAsStringAsync();
                Assert.True((int)answer.StatusCode < 500, $"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {text}\n{asked}");
                if (answer.StatusCode >= HttpStatusCode.BadRequest && text.Length > 0) Assert.Contains("\"error\"", text, StringComparison.Ordinal);
                statuses[(int)answer.StatusCode] = statuses.GetValueOrDefault((int)answer.StatusCode) + 1;
            }

            Assert.Equal(before, await client.Http.GetStringAsync("/v1/users/1/recommendations"));
            Assert.True(statuses[200] > requests / 50 && statuses[400] > requests / 50, string.Join(", ", statuses));
        }
    }

    private static HttpRequestMessage Get(Func<int, int> draw)
    {
        string Part() => draw(3) == 0 ? $"{draw(50)}" : Uri.EscapeDataString(string.Concat(Enumerable.Range(0, draw(8)).Select(_ => (char)draw(0x2100))));
        return new HttpRequestMessage(HttpMethod.Get, new Uri(string.Format(paths[draw(paths.Length)], Part(), Part()), UriKind.Relative));
    }

    private static HttpRequestMessage Post(Func<int, int> draw)
    {
        List<byte> body = [.. Encoding.UTF8.GetBytes(bodies[draw(bodies.Length)])];
        for (int change = draw(4); change > 0 && body.Count > 0; change--)
        {
            int at = draw(body.Count);
            switch (draw(6))
            {
                case 0: body[at] = (byte)draw(256); break;
                case 1: body.RemoveRange(at, Math.Min(1 + draw(20), body.Count - at)); break;
                case 2: body.InsertRange(at, body.GetRange(at, Math.Min(1 + draw(30), body.Count - at))); break;
                case 3: body.InsertRange(at, Encoding.UTF8.GetBytes(pieces[draw(pieces.Length)])); break;
                case 4: body = body[..at]; break;
                default: body.InsertRange(at, Encoding.UTF8.GetBytes($"{draw(2000) - 1000}")); break;
            }
        }

        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(ways[draw(ways.Length)], UriKind.Relative)) { Content = new ByteArrayContent([.. body]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", types[draw(10) < 7 ? 0 : draw(types.Length)]);
        if (draw(4) == 0) request.Headers.TryAddWithoutValidation("Accept", types[draw(types.Length)]);
        return request;
    }
}
