using System.Collections;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Serving.Tests;

/// <summary>Sizes, turns, times, tokens, and what the server says of itself.</summary>
[Collection(SampleRuns.Name)]
public sealed class LimitTests(HistoryRun history)
{
    private const string Pair = """{"instances":[{"user_id":1,"item_id":4}]}""", Predict = "/v1/models/ncf:predict";

    [Fact]
    public async Task WhatIsTooLargeIsRefusedBySizeBatchAndK()
    {
        await using ServingHost host = history.Serve(SampleRun.Options with { MaxBodyMegabytes = 1, MaxBatch = 2, MaxK = 3 });
        using var client = new Client(host);
        string row = """{"user_id":1,"item_id":4}""";
        Assert.Contains("Serve:MaxBatch", await client.RefusalAsync(400, Predict, $"{{\"instances\":[{row},{row},{row}]}}"), StringComparison.Ordinal);
        Assert.Contains("Serve:MaxBatch", await client.RefusalAsync(400, "/v1/recommendations", "{\"items\":[1,4,7]}"), StringComparison.Ordinal);
        foreach (string k in new[] { "0", "4", "-1", "x", "99999999999", "1&k=2" })
        {
            Assert.Contains("whole number from 1 to 3", await client.RefusalAsync(400, $"/v1/users/1/recommendations?k={k}"), StringComparison.Ordinal);
        }

        Assert.Contains(
            "whole number from 1 to 3", await client.RefusalAsync(400, "/v1/recommendations", "{\"items\":[1],\"k\":1.5}"), StringComparison.Ordinal);
        Assert.Equal(3, Client.ListOf(await client.GetAsync("/v1/users/1/recommendations")).Count); // TopK 7 is more than one may ask for
        Assert.Contains("larger than 1 MB", await client.RefusalAsync(413, Predict, new string(' ', (1 << 20) + 1)), StringComparison.Ordinal);
        using var zipped = new HttpRequestMessage(HttpMethod.Post, Predict) { Content = Client.Content(Pair) };
        zipped.Content.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage refused = await client.Http.SendAsync(zipped);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
    }

    [Fact]
    public async Task ABodyWithoutALengthIsCountedAsItArrives()
    {
        await using ServingHost host = history.Serve(SampleRun.Options with { MaxBodyMegabytes = 1 });
        string chunks = string.Concat(Enumerable.Repeat($"10000\r\n{new string(' ', 65_536)}\r\n", 17));
        (string status, string answer) = await SendAsync(host, $"POST {Predict} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        Assert.StartsWith("HTTP/1.1 413", status, StringComparison.Ordinal);
        Assert.Contains("error", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoFindsTheQueueFullIsToldWhenToComeAgainAndHealthIsAnsweredMeanwhile()
    {
        await using ServingHost host = history.Serve(SampleRun.Options with { Concurrency = 1, Queue = 0 });
        using var client = new Client(host);
        using (RateLimitLease turn = await host.Admission.TurnAsync(new DefaultHttpContext()))
        {
            using HttpResponseMessage answer = await client.Http.PostAsync(Predict, Client.Content(Pair));
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
            foreach (string path in new[] { "/ping", "/healthz", "/readyz", "/metrics" }) await client.Http.GetStringAsync(path);
        }

        await client.PostAsync(Predict, Pair);
    }

    [Fact]
    public async Task WhoWaitsTooLongAndWhoSendsTooSlowlyIsRefusedAndKeepsNobodyElse()
    {
        await using ServingHost host = history.Serve(SampleRun.Options with { Concurrency = 1, TimeoutSeconds = 1 });
        using var client = new Client(host);
        Task<(string Status, string Answer)> slow = SendAsync(host, $"POST {Predict} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{");
        await client.PostAsync(Predict, Pair);
        using (RateLimitLease turn = await host.Admission.TurnAsync(new DefaultHttpContext()))
        {
            Assert.Contains("Serve:TimeoutSeconds", await client.RefusalAsync(503, Predict, Pair), StringComparison.Ordinal);
        }

        Assert.StartsWith("HTTP/1.1 408", (await slow).Status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARequestIsASpanOfItsCallersTraceWithoutIds()
    {
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RequestTraces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using (ServingHost host = history.Serve())
        {
            using var client = new Client(host);
            client.Http.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
            await client.GetAsync("/v1/users/10/recommendations");
        }

        Activity span = Assert.Single(spans, one => $"{one.TraceId}" == Trace);
        Assert.Equal("GET /v1/users/{id}/recommendations", span.DisplayName);
        Assert.Equal((200, history.Nights.Production), (span.GetTagItem("http.response.status_code"), span.GetTagItem("ncfspark.night")));
        Assert.DoesNotContain(span.TagObjects, tag => $"{tag.Value}".Contains("/users/10", StringComparison.Ordinal));
    }

    [Fact]
    public Task IdleConnectionsKeepNobodyElse() => IdleAsync(500);

    [Fact]
    [Trait("Category", "Slow")]
    public Task NeitherDoTenThousand() => IdleAsync(10_000);

    // The clients are a process of their own, since one may not have 20,000 open files everywhere. Each is answered when it asks.
    private async Task IdleAsync(int count)
    {
        await using ServingHost host = history.Serve(SampleRun.Options with { TimeoutSeconds = 3600 });
        using var client = new Client(host);
        int port = new Uri(host.Addresses.Single()).Port;
        string script = $"for i in $(seq {count}); do exec {{fd}}<>/dev/tcp/127.0.0.1/{port} || exit 1; done; echo open; read; "
            + "for f in $fd $((fd / 2)) 20; do printf 'GET /ping HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&$f; read -r line <&$f; echo \"$line\"; done";
        using var clients = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("open", await clients.StandardOutput.ReadLineAsync());
        string list = await client.Http.GetStringAsync("/v1/users/1/recommendations");
        for (int number = 0; number < 50; number++) Assert.Equal(list, await client.Http.GetStringAsync("/v1/users/1/recommendations"));
        await clients.StandardInput.WriteLineAsync();
        for (int number = 0; number < 3; number++) Assert.Equal("HTTP/1.1 200 OK", (await clients.StandardOutput.ReadLineAsync())?.TrimEnd('\r'));
        await clients.WaitForExitAsync();
    }

    [Fact]
    public async Task WithATokenNobodyIsAnsweredWithoutItButWhatWatchesOverTheServer()
    {
        string file = Path.Combine(history.Folder, "token");
        File.WriteAllText(file, "secret\n");
        foreach ((ServeOptions options, Hashtable environment) in new (ServeOptions, Hashtable)[]
        {
            (SampleRun.Options with { TokenFile = file, Address = "127.0.0.1" }, []),
            (SampleRun.Options with { Address = "127.0.0.1" }, new Hashtable { [BearerToken.Variable] = "secret" }),
        })
        {
            await using ServingHost host = history.Serve(options, environment: environment);
            using var client = new Client(host);
            foreach (string path in new[] { "/ping", "/healthz", "/readyz" }) await client.Http.GetStringAsync(path);
            foreach (string? given in new[] { null, "secre", "secret2", "" })
            {
                client.Http.DefaultRequestHeaders.Authorization = given is null ? null : new AuthenticationHeaderValue("Bearer", given);
                foreach (string path in new[]
                {
                    "/v1/users/1/recommendations", "/v1/users/1", "/v1/search", "/v1/nights", "/metrics", "/openapi.json", "/v1/models/ncf", "/nothing",
                })
                {
                    Assert.Contains("token", await client.RefusalAsync(401, path), StringComparison.Ordinal);
                }
            }

            client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
            await client.GetAsync("/v1/users/1/recommendations");
        }

        File.WriteAllText(file, "\n");
        Assert.Contains("is empty", Assert.Throws<InvalidInputException>(
            () => history.Serve(SampleRun.Options with { TokenFile = file })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItListensOnTheLoopbackAddressUnlessThereIsATokenOrAnAddress()
    {
        await using (ServingHost host = history.Serve()) Assert.StartsWith("http://127.0.0.1:", host.Addresses.Single(), StringComparison.Ordinal);
        await using (ServingHost host = history.Serve(environment: new Hashtable { [BearerToken.Variable] = "secret" }))
        {
            Assert.StartsWith("http://0.0.0.0:", host.Addresses.Single(), StringComparison.Ordinal);
        }

        await using (ServingHost host = history.Serve(environment: new Hashtable { [ServingHost.SageMakerPort] = "0" }))
        {
            Assert.StartsWith("http://0.0.0.0:", host.Addresses.Single(), StringComparison.Ordinal);
        }

        await using (ServingHost host = history.Serve())
        {
            int taken = new Uri(host.Addresses.Single()).Port;
            Assert.Contains("--port", Refusal(SampleRun.Options with { Port = taken }), StringComparison.Ordinal);
        }

        Assert.Contains("no IP address", Refusal(SampleRun.Options with { Address = "here" }), StringComparison.Ordinal);
        Assert.Contains("which is no port", Assert.Throws<InvalidInputException>(
            () => history.Serve(environment: new Hashtable { [ServingHost.SageMakerPort] = "http" })).Message, StringComparison.Ordinal);
    }

    /// <summary>Kestrel's own settings in the environment name addresses and certificates.</summary>
    [Fact]
    public async Task TlsIsKestrelsOwn()
    {
        const string Url = "Kestrel__Endpoints__Https__Url", Certificate = "Kestrel__Endpoints__Https__Certificate__Path";
        string path = Path.Combine(history.Folder, "server.pfx");
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx));
        }

        try
        {
            Environment.SetEnvironmentVariable(Url, "https://127.0.0.1:0");
            Environment.SetEnvironmentVariable(Certificate, path);
            await using (ServingHost host = history.Serve())
            {
                using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown!.Subject == "CN=localhost" };
                using var client = new HttpClient(handler);
                Assert.StartsWith("https://127.0.0.1:", host.Addresses.Single(), StringComparison.Ordinal);
                Assert.Equal("ready\n", await client.GetStringAsync(new Uri($"{host.Addresses.Single()}/readyz")));
            }

            File.WriteAllText(path, "no certificate");
            Assert.Contains("mend Kestrel's settings", Refusal(SampleRun.Options), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Url, null);
            Environment.SetEnvironmentVariable(Certificate, null);
        }
    }

    [Fact]
    public async Task MetricsCountRequestsByRouteWithoutIds()
    {
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        for (int request = 0; request < 3; request++) await client.GetAsync("/v1/users/1/recommendations");
        await client.RefusalAsync(404, "/v1/items/12345678/similar");
        await client.RefusalAsync(404, "/nothing/12345678");
        string text;
        do text = await client.Http.GetStringAsync("/metrics");
        while (!text.Contains("requests_in_flight 1\n", StringComparison.Ordinal)); // an answer arrives before it is counted
        Assert.Contains("requests_total{route=\"/v1/users/{id}/recommendations\",status=\"200\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("requests_total{route=\"none\",status=\"404\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("request_duration_seconds_count{route=\"/v1/users/{id}/recommendations\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"model_info{{night=\"{history.Nights.Production}\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("12345678", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AccessLogKind.WithoutIds, 2, false)]
    [InlineData(AccessLogKind.WithIds, 2, true)]
    [InlineData(AccessLogKind.None, 0, false)]
    public async Task TheAccessLogHoldsIdsOnlyWhereAskedTo(AccessLogKind kind, int lines, bool ids)
    {
        using var output = new StringWriter();
        await using (ServingHost host = history.Serve(SampleRun.Options with { AccessLog = kind }, output))
        {
            using var client = new Client(host);
            await client.GetAsync("/v1/users/12345678/recommendations?k=2");
            await client.RefusalAsync(404, "/12345678");
        }

        string[] written = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines, written.Length);
        Assert.Equal(ids, output.ToString().Contains("12345678", StringComparison.Ordinal));
        if (lines == 0) return;
        JsonElement line = JsonSerializer.Deserialize<JsonElement>(written[0]);
        Assert.Equal(("/v1/users/{id}/recommendations", 200, "GET"),
            (line.GetProperty("route").GetString(), line.GetProperty("status").GetInt32(), line.GetProperty("method").GetString()));
        Assert.Equal(history.Nights.Production, line.GetProperty("night").GetString());
    }

    [Fact]
    public async Task TheDescriptionNamesExactlyTheRoutesThatThereAre()
    {
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        JsonElement paths = (await client.GetAsync("/openapi.json")).GetProperty("paths");
        IEnumerable<string> described = paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name} {path.Name}"));
        IEnumerable<string> there = host.Routes.Select(
            route => $"{route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single().ToLowerInvariant()} {route.RoutePattern.RawText}");
        Assert.Equal(there.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WithoutProductionNothingIsServed()
    {
        string folder = Path.Combine(history.Folder, "empty");
        Directory.CreateDirectory(Path.Combine(folder, "2026-11-01"));
        Assert.Contains("No night of", Start(folder), StringComparison.Ordinal);
        Assert.Contains("is not there", Start(Path.Combine(folder, "nowhere")), StringComparison.Ordinal);
        Assert.Contains("is not there", Start(Path.Combine(folder, "2026-11-01")), StringComparison.Ordinal);

        static string Start(string run)
        {
            var settings = new NcfSparkConfiguration { Serve = SampleRun.Options };
            var job = new JobContext(settings, run, SilentProgress.Instance, TextWriter.Null, TimeProvider.System, default);
            return Assert.Throws<InvalidInputException>(() => ServingHost.Start(job, new Hashtable())).Message;
        }
    }

    private string Refusal(ServeOptions options) => Assert.Throws<InvalidInputException>(() => history.Serve(options)).Message;

    // What no client of HTTP would send. The status line, and the rest of the answer.
    private static async Task<(string Status, string Answer)> SendAsync(ServingHost host, string request)
    {
        using var socket = new TcpClient("127.0.0.1", new Uri(host.Addresses.Single()).Port);
        NetworkStream stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        string status = (await reader.ReadLineAsync())!;
        string line;
        while ((line = (await reader.ReadLineAsync())!).Length > 0)
        {
        }

        char[] answer = new char[4096];
        return (status, new string(answer, 0, await reader.ReadAsync(answer)));
    }
}
