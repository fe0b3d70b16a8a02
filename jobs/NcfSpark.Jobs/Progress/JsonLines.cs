using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// Standard error as JSON lines: {"time":"2026-11-24T03:15:02.123Z","level":"error","message":"…"}. Each write of text (an error message) becomes one line
/// of level error, with its line breaks escaped.
/// </summary>
internal sealed class JsonLines(TextWriter output, TimeProvider time) : TextWriter
{
    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // for logs, not for HTML

    private readonly Lock writing = new();

    public override Encoding Encoding => output.Encoding;

    /// <summary>Writes a line.</summary>
    /// <param name="level">information or error.</param>
    /// <param name="message">For people.</param>
    /// <param name="fields">For programs; those that are null are left out.</param>
    public void Write(string level, string message, params (string Name, object? Value)[] fields)
    {
        var line = new JsonObject { ["time"] = $"{time.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}", ["level"] = level, ["message"] = message };
        foreach ((string name, object? value) in fields)
        {
            if (value is not null) line[name] = JsonSerializer.SerializeToNode(value);
        }

        lock (writing)
        {
            output.WriteLine(line.ToJsonString(json));
            output.Flush();
        }
    }

    public override void WriteLine(string? value) => Write("error", value ?? "");

    public override void Write(string? value)
    {
        if (!string.IsNullOrWhiteSpace(value)) Write("error", value.TrimEnd());
    }

    public override void Write(char value) => Write(value.ToString());
}
