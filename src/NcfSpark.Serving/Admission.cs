using System.Buffers;
using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using NcfSpark.Configuration;

namespace NcfSpark.Serving;

/// <summary>
/// Who may come in: bodies up to a size and within a time, a few large ones at once, and as many requests that compute as there are cores. A body is read
/// before its request waits for its turn, so that a slow client keeps nobody from computing.
/// </summary>
internal sealed class Admission : IDisposable
{
    private const int SmallBody = 1 << 20;
    private const int LargeBodies = 16; // at once, so that bodies never take more memory than 16 of the largest

    private readonly ServeOptions options;
    private readonly TimeProvider time;
    private readonly ConcurrencyLimiter turns, largeBodies;

    public Admission(ServeOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        turns = LimiterOf(options.Concurrency ?? Environment.ProcessorCount, options.Queue);
        largeBodies = LimiterOf(LargeBodies, options.Queue);
    }

    /// <summary>Waits for a request's turn to compute. It is over when the lease is disposed.</summary>
    /// <exception cref="RefusedRequestException">429: too many wait already. 503: it did not come in time.</exception>
    public async ValueTask<RateLimitLease> TurnAsync(HttpContext context)
    {
        RateLimitLease now = turns.AttemptAcquire();
        if (now.IsAcquired) return now;
        now.Dispose();
        return await Within(context, async cancellation => await WaitFor(turns, cancellation),
            () => new(503, $"The request waited {options.TimeoutSeconds} s for its turn (Serve:TimeoutSeconds). Send fewer requests at once.")
            {
                RetryAfterSeconds = 1,
            });
    }

    /// <summary>Reads a body whole. Its memory goes back when it is disposed.</summary>
    /// <exception cref="RefusedRequestException">413: it is too large. 408: it did not arrive in time. 415: it is compressed.</exception>
    public async ValueTask<Body> ReadBodyAsync(HttpContext context)
    {
        if (context.Request.Headers.ContentEncoding is [{ } encoding, ..] && encoding != "identity")
        {
            throw new RefusedRequestException(415, "The body is compressed (Content-Encoding): send it as it is.");
        }

        if (context.Request.ContentLength > MaxBody) throw TooLarge();
        var body = new Body();
        try
        {
            await Within(context, async cancellation =>
            {
                while (true)
                {
                    int read = await context.Request.Body.ReadAsync(body.Free(), cancellation);
                    if (read == 0) return body;
                    body.Length += read;
                    if (body.Length > MaxBody) throw TooLarge();
                    if (body.Length > SmallBody && body.Large is null) body.Large = await WaitFor(largeBodies, cancellation);
                }
            }, () => new(408, $"The body did not arrive within {options.TimeoutSeconds} s (Serve:TimeoutSeconds)."));
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        turns.Dispose();
        largeBodies.Dispose();
    }

    // In bytes.
    private long MaxBody => (long)options.MaxBodyMegabytes << 20;

    private static ConcurrencyLimiter LimiterOf(int permits, int queue) => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = permits,
        QueueLimit = queue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private static async ValueTask<RateLimitLease> WaitFor(ConcurrencyLimiter limiter, CancellationToken cancellation)
    {
        RateLimitLease lease = await limiter.AcquireAsync(1, cancellation);
        if (lease.IsAcquired) return lease;
        lease.Dispose();
        throw new RefusedRequestException(429, "Too many requests wait already (Serve:Queue). Try again in a second.") { RetryAfterSeconds = 1 };
    }

    private async ValueTask<T> Within<T>(HttpContext context, Func<CancellationToken, ValueTask<T>> work, Func<RefusedRequestException> late)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            throw late();
        }
    }

    private RefusedRequestException TooLarge() => new(413,
        $"The body is larger than {options.MaxBodyMegabytes.ToString(CultureInfo.InvariantCulture)} MB (Serve:MaxBodyMegabytes): send it in several requests.");
}

/// <summary>A request's body, in memory that is used again.</summary>
internal sealed class Body : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);

    public int Length { get; set; }

    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, Length);

    /// <summary>The place among the large bodies that are read at once; null for a small one.</summary>
    public RateLimitLease? Large { get; set; }

    /// <summary>Room for more, at least one byte.</summary>
    public Memory<byte> Free()
    {
        if (Length == buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
            Bytes.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return buffer.AsMemory(Length);
    }

    public void Dispose()
    {
        Large?.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
