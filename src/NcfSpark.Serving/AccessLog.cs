using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using NcfSpark.Configuration;

namespace NcfSpark.Serving;

/// <summary>
/// A line of JSON for each request. A task of its own writes them, so no request waits for a slow disk; where that is too slow even for its buffer, lines
/// are lost, and the next one says how many.
/// </summary>
internal sealed class AccessLog : IAsyncDisposable
{
    private const int Waiting = 65_536;

    // Ids and paths as they are; a log is no part of a page.
    private static readonly JsonSerializerOptions json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly AccessLogKind kind;
    private readonly TimeProvider time;
    private readonly Channel<string> lines = Channel.CreateBounded<string>(Waiting);
    private readonly Task writing;
    private long lost;

    public AccessLog(AccessLogKind kind, TextWriter output, TimeProvider time)
    {
        (this.kind, this.time) = (kind, time);
        writing = Task.Run(() => WriteAsync(output));
    }

    public void Add(HttpContext context, string route, TimeSpan took)
    {
        if (kind == AccessLogKind.None) return;
        bool ids = kind == AccessLogKind.WithIds;
        string line = JsonSerializer.Serialize(
            new
            {
                time = time.GetUtcNow().UtcDateTime,
                method = context.Request.Method,
                route,
                status = context.Response.StatusCode,
                ms = Math.Round(took.TotalMilliseconds, 3),
                bytes_in = context.Request.ContentLength,
                bytes_out = context.Response.ContentLength,
                night = context.Response.Headers[Endpoints.NightHeader].FirstOrDefault(),
                path = ids ? $"{context.Request.Path}{context.Request.QueryString}" : null,
                client = ids ? context.Connection.RemoteIpAddress?.ToString() : null,
                lost = Interlocked.Exchange(ref lost, 0) is > 0 and long some ? some : (long?)null,
            },
            json);
        if (!lines.Writer.TryWrite(line)) Interlocked.Increment(ref lost);
    }

    public async ValueTask DisposeAsync()
    {
        lines.Writer.Complete();
        await writing;
    }

    private async Task WriteAsync(TextWriter output)
    {
        await foreach (string line in lines.Reader.ReadAllAsync()) output.WriteLine(line);
    }
}
