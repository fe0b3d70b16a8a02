using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace NcfSpark.Storage.Tests.S3;

/// <summary>What answers the requests behind a server's faults.</summary>
public interface IS3Answers : IDisposable
{
    Task Answer(HttpContext http);

    void MakeBucket(string name);
}

/// <summary>
/// A server on the loopback address that speaks S3, with faults that tests ask for: a small one in this process (<see cref="S3Objects"/>), or s3rver behind a
/// proxy (<see cref="S3rver"/>). Accepts one access key, and clocks that differ from its own by 15 minutes at most, as Amazon's does.
/// </summary>
public sealed class S3Server : IDisposable
{
    public const string AccessKey = "S3RVER", SecretKey = "S3RVER", Bucket = "shop";

    private readonly WebApplication app;
    private readonly IS3Answers answers;
    private readonly ConcurrentQueue<string> requests = [];
    private readonly List<Rule> rules = [];

    public S3Server(IS3Answers? behind = null)
    {
        answers = behind ?? new S3Objects();
        answers.MakeBucket(Bucket);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null; // a busy machine is no attacker
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
        });
        app = builder.Build();
        app.Run(Answer);
        app.StartAsync().GetAwaiter().GetResult();
        Endpoint = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    /// <summary>Such as http://127.0.0.1:41234.</summary>
    public string Endpoint { get; }

    /// <summary>How far this server's clock is ahead.</summary>
    public TimeSpan ClockAhead { get; set; }

    /// <summary>Requests so far, such as "PUT /shop/a?partNumber=1&amp;uploadId=…".</summary>
    public IReadOnlyCollection<string> Requests => requests;

    public IS3Answers Answers => answers;

    /// <summary>What a client needs in its environment to speak to it, and to look for credentials nowhere else.</summary>
    public Dictionary<string, string> ClientEnvironment => new()
    {
        ["AWS_ACCESS_KEY_ID"] = AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = SecretKey,
        ["AWS_ENDPOINT_URL_S3"] = Endpoint,
        ["AWS_EC2_METADATA_DISABLED"] = "true",
        ["AWS_CONFIG_FILE"] = "/dev/null",
        ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
    };

    /// <summary>Lets requests fail.</summary>
    /// <param name="which">Which, by the text that <see cref="Requests"/> has of them.</param>
    /// <param name="times">How many of them; others are answered.</param>
    public void Fail(S3Fault fault, Func<string, bool> which, int times = 1)
    {
        lock (rules) rules.Add(new Rule(fault, which) { Left = times });
    }

    /// <summary>Lets any request fail by any fault that passes, with a probability, by a seed.</summary>
    public void FailAtRandom(int seed, double probability)
    {
        var random = new Random(seed);
        S3Fault[] passing = [S3Fault.InternalError, S3Fault.SlowDown, S3Fault.Reset, S3Fault.LostAnswer, S3Fault.TruncatedBody];
        var rule = new Rule(null, _ => random.NextDouble() < probability) { Left = int.MaxValue, Any = () => passing[random.Next(passing.Length)] };
        lock (rules) rules.Add(rule);
    }

    public void MendFaults()
    {
        lock (rules) rules.Clear();
    }

    public void Dispose()
    {
        app.DisposeAsync().AsTask().GetAwaiter().GetResult();
        answers.Dispose();
    }

    /// <summary>S3's own form of an error.</summary>
    public static async Task Refuse(HttpContext http, int status, string code, string message)
    {
        http.Response.StatusCode = status;
        if (HttpMethods.IsHead(http.Request.Method)) return;
        http.Response.ContentType = "application/xml";
        await http.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    }

    private async Task Answer(HttpContext http)
    {
        string request = $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}";
        requests.Enqueue(request);
        S3Fault? fault = FaultOf(request);
        switch (fault)
        {
            case S3Fault.InternalError:
                await Refuse(http, 500, "InternalError", "We encountered an internal error. Please try again.");
                return;
            case S3Fault.SlowDown:
                await Refuse(http, 503, "SlowDown", "Please reduce your request rate.");
                return;
            case S3Fault.AccessDenied:
                await Refuse(http, 403, "AccessDenied", "Access Denied");
                return;
            case S3Fault.ExpiredToken:
                await Refuse(http, 400, "ExpiredToken", "The provided token has expired.");
                return;
            case S3Fault.OtherRegion:
                await Refuse(http, 301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.");
                return;
            case S3Fault.Conflict:
                await Refuse(http, 409, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation.");
                return;
            case S3Fault.Reset:
                http.Abort();
                return;
            case S3Fault.LostAnswer: // done, and nobody hears of it
                http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
                await AnswerSigned(http);
                http.Abort();
                return;
            case S3Fault.TruncatedBody:
                http.Response.Body = new HalfOf(http.Response.Body, http);
                break;
        }

        await AnswerSigned(http);
    }

    private async Task AnswerSigned(HttpContext http)
    {
        string authorization = http.Request.Headers.Authorization.ToString();
        if (authorization.Length == 0)
        {
            await Refuse(http, 403, "AccessDenied", "Access Denied");
        }
        else if (!authorization.Contains($"Credential={AccessKey}/", StringComparison.Ordinal))
        {
            await Refuse(http, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
        }
        else if ((Now - TimeOf(http.Request)).Duration() > TimeSpan.FromMinutes(15))
        {
            http.Response.Headers.Date = Now.ToString("R", CultureInfo.InvariantCulture);
            await Refuse(http, 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.");
        }
        else
        {
            await answers.Answer(http);
        }
    }

    private DateTimeOffset Now => TimeProvider.System.GetUtcNow() + ClockAhead;

    private static DateTimeOffset TimeOf(HttpRequest request) => DateTimeOffset.ParseExact(
        request.Headers["x-amz-date"].ToString(), "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private S3Fault? FaultOf(string request)
    {
        lock (rules)
        {
            if (rules.Find(rule => rule.Left > 0 && rule.Which(request)) is not { } rule) return null;
            rule.Left--;
            return rule.Any?.Invoke() ?? rule.Fault;
        }
    }

    private sealed record Rule(S3Fault? Fault, Func<string, bool> Which)
    {
        public int Left { get; set; }

        public Func<S3Fault>? Any { get; init; }
    }

    /// <summary>Half of what is announced, then the connection breaks.</summary>
    private sealed class HalfOf(Stream body, HttpContext http) : MemoryStream
    {
        private long written;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            long announced = http.Response.ContentLength ?? buffer.Length, left = Math.Max(0, (announced / 2) - written);
            await body.WriteAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
            await body.FlushAsync(cancellationToken);
            written += buffer.Length;
            if (written > announced / 2) http.Abort();
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}

/// <summary>What a server does instead of answering.</summary>
public enum S3Fault
{
    InternalError,
    SlowDown,
    Reset,

    /// <summary>The request is carried out, and the connection breaks before the answer.</summary>
    LostAnswer,
    TruncatedBody,
    Conflict,
    AccessDenied,
    ExpiredToken,
    OtherRegion,
}
