using System.Globalization;
using System.Net;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// Where a Spark Connect server is and how to speak to it: <c>sc://host[:port]/;key=value;…</c>, as every Spark Connect client reads it
/// (Spark's client-connection-string.md). Keys: <c>token</c>, <c>use_ssl</c>, <c>user_id</c>, <c>user_agent</c>, <c>session_id</c>, and
/// <c>x-…</c>, which become headers for a proxy.
/// </summary>
public sealed record SparkConnectionString
{
    public const int DefaultPort = 15002;

    private const string Form = "sc://host[:port]/;token=…;use_ssl=true;user_id=…";

    private SparkConnectionString()
    {
    }

    public string Host { get; private init; } = "";

    public int Port { get; private init; } = DefaultPort;

    /// <summary>The server's shared secret, or null. Never shown by <see cref="ToString"/>.</summary>
    public string? Token { get; private init; }

    /// <summary>
    /// Whether the connection is encrypted: as <c>use_ssl</c> says; without it where there is a token and the host is another machine, so that
    /// no token crosses a network in the clear unasked. Spark itself serves no TLS: a proxy before it does.
    /// </summary>
    public bool UseTls { get; private init; }

    public string UserId { get; private init; } = "";

    public string UserAgent { get; private init; } = "NcfSpark";

    public Guid? SessionId { get; private init; }

    /// <summary>The <c>x-…</c> keys, sent with every call.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; private init; } = [];

    /// <param name="defaultToken">The token where the string has none: what SPARK_CONNECT_AUTHENTICATE_TOKEN holds, which keeps it off command lines.</param>
    /// <exception cref="InvalidInputException">It is not of that form; the message names the part that is wrong.</exception>
    public static SparkConnectionString Parse(string text, string? defaultToken = null)
    {
        string shown = Redacted(text);
        if (!text.StartsWith("sc://", StringComparison.Ordinal)) throw Wrong("it does not begin with sc://");
        (string authority, string rest) = Split(text["sc://".Length..], '/');
        (string host, int port) = HostAndPort();
        string path = rest.Split(';')[0];
        if (path.Length > 0) throw Wrong($"there is a path, \"{path}\", and Spark Connect has none: settings follow \"/;\"");

        string? token = defaultToken is { Length: > 0 } ? defaultToken : null, userId = null, userAgent = null;
        bool? useTls = null;
        Guid? sessionId = null;
        var headers = new List<KeyValuePair<string, string>>();
        foreach (string setting in rest.Split(';').Skip(1).Where(setting => setting.Length > 0))
        {
            (string key, string value) = Split(setting, '=');
            value = Uri.UnescapeDataString(value);
            if (value.Length == 0) throw Wrong($"\"{key}\" has no value");
            switch (key)
            {
                case "token": token = value; break;
                case "user_id": userId = value; break;
                case "user_agent": userAgent = value; break;
                case "use_ssl": useTls = bool.TryParse(value, out bool use) ? use : throw Wrong($"use_ssl is \"{value}\", and can be true or false"); break;
                case "session_id": sessionId = Guid.TryParse(value, out Guid id) ? id : throw Wrong($"session_id is \"{value}\", which is no UUID"); break;
                case { } when key.StartsWith("x-", StringComparison.OrdinalIgnoreCase): headers.Add(new(key.ToLowerInvariant(), value)); break;
                default: throw Wrong($"\"{key}\" is not known; known are token, use_ssl, user_id, user_agent, session_id, and x-… for headers");
            }
        }

        return new SparkConnectionString
        {
            Host = host,
            Port = port,
            Token = token,
            UseTls = useTls ?? (token is not null && !IsLoopback(host)),
            UserId = userId ?? Environment.UserName,
            UserAgent = userAgent ?? "NcfSpark",
            SessionId = sessionId,
            Headers = headers,
        };

        (string Host, int Port) HostAndPort()
        {
            // In sc://[::1]:15002 the host has colons of its own.
            int end = authority.StartsWith('[') ? authority.IndexOf(']', StringComparison.Ordinal) + 1 : authority.IndexOf(':', StringComparison.Ordinal);
            if (end <= 0 && authority.StartsWith('[')) throw Wrong("the address lacks its closing bracket");
            string name = end < 0 ? authority : authority[..end], after = end < 0 ? "" : authority[end..];
            if (Uri.CheckHostName(name.Trim('[', ']')) == UriHostNameType.Unknown)
            {
                throw Wrong(name.Length == 0 ? "there is no host" : $"\"{name}\" is no host name");
            }

            if (after.Length == 0) return (name, DefaultPort);
            bool isPort = int.TryParse(after.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= ushort.MaxValue;
            return isPort && after[0] == ':' ? (name, port) : throw Wrong($"\"{after.TrimStart(':')}\" is no port from 1 to 65535");
        }

        InvalidInputException Wrong(string what) => new($"The Spark Connect address \"{shown}\" cannot be read: {what}. It is of the form {Form}.");
    }

    /// <summary>The address of a server on this machine.</summary>
    public static SparkConnectionString Local(int port, string token) =>
        new() { Host = "127.0.0.1", Port = port, Token = token, UserId = Environment.UserName };

    /// <summary>Host and port, for messages.</summary>
    public override string ToString() => $"sc://{Host}:{Port}";

    internal Uri ChannelAddress => new($"{(UseTls ? "https" : "http")}://{Host}:{Port}");

    /// <summary>Whether it is on this machine, by its name.</summary>
    public bool IsLocal => IsLoopback(Host);

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static (string Before, string After) Split(string text, char separator)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }

    // Messages end in logs; tokens must not.
    private static string Redacted(string text) =>
        string.Join(';', text.Split(';').Select(part => part.StartsWith("token=", StringComparison.OrdinalIgnoreCase) ? "token=…" : part));
}
