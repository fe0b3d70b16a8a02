using System.Text.Encodings.Web;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Nightly;

/// <summary>
/// history.jsonl of a run directory. A line is complete when it ends with a newline. An incomplete one (after a kill, on a full disk) is skipped when
/// reading and cut off before the next is appended. Only the holder of the run directory's lock appends; anybody may read meanwhile.
/// </summary>
public sealed class RunHistory
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it is never a part of a page
    };

    private RunHistory(IReadOnlyList<NightRecord> records, int unreadable) => (Records, Unreadable) = (records, unreadable);

    /// <summary>All lines that can be read, first to last: nights, and changes by hand.</summary>
    public IReadOnlyList<NightRecord> Records { get; }

    /// <summary>How many lines cannot be read.</summary>
    public int Unreadable { get; }

    /// <summary>One record a night, the last of each, in the order in which they ended.</summary>
    public IReadOnlyList<NightRecord> Nights =>
        [.. Records.Where(record => record.Event == NightEvent.Night).Reverse().DistinctBy(record => record.Night).Reverse()];

    /// <summary>The last record of a night's run; null where it has not ended.</summary>
    public NightRecord? Of(string night) => Records.LastOrDefault(record => record.Event == NightEvent.Night && record.Night == night);

    /// <summary>How the last run of `nightly` ended, whichever night it was of; null before the first.</summary>
    public NightRecord? LastRun => Records.LastOrDefault(record => !record.IsByHand);

    /// <summary>Whether the night was in production at any time.</summary>
    public bool WasInProduction(string night) => FirstInProduction(night) is not null;

    /// <summary>The first line after which the night was in production; null where it never was.</summary>
    public NightRecord? FirstInProduction(string night) => Records.FirstOrDefault(record => record.Production == night);

    /// <summary>The line with hashes, data and figures of a night when it went into production; null if it never did.</summary>
    public NightRecord? AsServed(string night) =>
        Records.FirstOrDefault(record => record.Night == night && record.Artifacts is not null) ?? (WasInProduction(night) ? Of(night) : null);

    /// <summary>
    /// The night that was in production before this one first was; null where there was none. Example: A, B, C, a rollback to B, then D: it is B for D and
    /// for C, and A for B.
    /// </summary>
    public string? ProductionBefore(string night)
    {
        string? before = null;
        foreach (NightRecord record in Records)
        {
            if (record.Production == night) return before;
            before = record.Production ?? before;
        }

        return null;
    }

    /// <summary>Reads the history; an empty one where there is no file yet.</summary>
    public static RunHistory Read(RunNights nights)
    {
        if (!File.Exists(nights.HistoryPath)) return new([], 0);
        using var reader = new StreamReader(new FileStream(nights.HistoryPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        string[] lines = reader.ReadToEnd().Split('\n')[..^1]; // what stands after the last newline was cut short
        List<NightRecord?> records = [.. lines.Select(Parse)];
        return new([.. records.OfType<NightRecord>()], records.Count(record => record is null));
    }

    /// <summary>Appends a line, and returns when it is on the disk.</summary>
    public static void Append(RunNights nights, NightRecord record)
    {
        using (var stream = new FileStream(nights.HistoryPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read))
        {
            stream.SetLength(LengthOfWholeLines(stream));
            stream.Seek(0, SeekOrigin.End);
            stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(record, Json), (byte)'\n']);
            stream.Flush(flushToDisk: true);
        }

        RunStore.Of(nights.Path)?.Save(nights.HistoryPath);
    }

    private static NightRecord? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<NightRecord>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long LengthOfWholeLines(FileStream stream)
    {
        for (long length = stream.Length; length > 0; length--)
        {
            stream.Position = length - 1;
            if (stream.ReadByte() == '\n') return length;
        }

        return 0;
    }
}
