using System.Net;
using System.Text;
using System.Text.Json;

namespace NcfSpark.Serving.Tests;

/// <summary>A client of a server under test.</summary>
internal sealed class Client(ServingHost host) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = new Uri(host.Addresses.Single()), Timeout = TimeSpan.FromMinutes(5) };

    public HttpClient Http => http;

    public static HttpContent Content(string body, string type = "application/json") => new StringContent(body, Encoding.UTF8, type);

    /// <summary>The answer's JSON, which must be a good one.</summary>
    public async Task<JsonElement> GetAsync(string path) => await ReadAsync(await http.GetAsync(path), HttpStatusCode.OK);

    public async Task<JsonElement> PostAsync(string path, string body) => await ReadAsync(await http.PostAsync(path, Content(body)), HttpStatusCode.OK);

    /// <summary>The message of a request that is refused with this status.</summary>
    public async Task<string> RefusalAsync(int status, string path, string? body = null, string type = "application/json")
    {
        using HttpResponseMessage answer = body is null ? await http.GetAsync(path) : await http.PostAsync(path, Content(body, type));
        return (await ReadAsync(answer, (HttpStatusCode)status)).GetProperty("error").GetString()!;
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode} where {(int)status} is right: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>A list as tests compare it: items as text, and scores to the bit.</summary>
    public static List<(string Item, float Score)> ListOf(JsonElement answer, string name = "recommendations") =>
        [.. answer.GetProperty(name).EnumerateArray().Select(one => (one.GetProperty("item_id").ToString(), one.GetProperty("score").GetSingle()))];

    public void Dispose() => http.Dispose();
}
