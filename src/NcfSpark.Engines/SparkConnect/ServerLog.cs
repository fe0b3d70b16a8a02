using System.Text.RegularExpressions;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>The last lines that a server wrote, for the message when it ends.</summary>
internal sealed partial class ServerLog
{
    private const int Kept = 500, Shown = 12, LatestLength = 80;

    private readonly Lock gate = new();
    private readonly Queue<string> lines = new();

    /// <summary>The latest line without its date and level, cut to what a terminal has room for; empty before there is one.</summary>
    public string Latest
    {
        get
        {
            string line;
            lock (gate) line = lines.LastOrDefault(line => !Stack().IsMatch(line), "");
            line = LogPrefix().Replace(line, "");
            return line.Length <= LatestLength ? line : $"{line[..LatestLength]}…";
        }
    }

    public void Add(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (gate)
        {
            if (lines.Count == Kept) lines.Dequeue();
            lines.Enqueue(line);
        }
    }

    public bool Contains(string text)
    {
        lock (gate) return lines.Any(line => line.Contains(text, StringComparison.Ordinal));
    }

    /// <summary>How many of the lines kept have a text.</summary>
    public int Count(string text)
    {
        lock (gate) return lines.Count(line => line.Contains(text, StringComparison.Ordinal));
    }

    /// <summary>The last lines that say something: errors and their causes rather than the stack and the order of shutting down.</summary>
    public string Tail()
    {
        lock (gate)
        {
            string[] telling = [.. lines.Where(line => !Chatter().IsMatch(line) && !Stack().IsMatch(line))];
            string[] last = telling.Length > 0 ? telling[^Math.Min(Shown, telling.Length)..] : [.. lines.TakeLast(Shown)];
            return string.Concat(last.Select(line => $"\n  {line}"));
        }
    }

    [GeneratedRegex(@"^\d\d/\d\d/\d\d \d\d:\d\d:\d\d [A-Z]+ ")]
    private static partial Regex LogPrefix();

    [GeneratedRegex(
        @"^\d\d/\d\d/\d\d \d\d:\d\d:\d\d (INFO|DEBUG) |WARN (NativeCodeLoader:|Utils: (Your hostname|Set SPARK_LOCAL_IP))"
        + @"|^Using Spark's default log4j|^WARNING: Using incubator")]
    private static partial Regex Chatter();

    // Of an exception ("  at a.b.C(D.scala:1)") and of a message that tells where something was made ("a.b.C(D.scala:1)").
    [GeneratedRegex(@"^\s+at |^\s+\.\.\. \d+ more|^\s*[a-z]\w*(\.[\w$]+)+\([\w.]+(:\d+)?\)$")]
    private static partial Regex Stack();
}
