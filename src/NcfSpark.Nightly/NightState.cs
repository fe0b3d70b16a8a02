using System.Text.Encodings.Web;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Nightly;

/// <summary>
/// night.json of a night's directory: what the stages' manifests do not hold. A run that was killed leaves it, so that the next run can continue the night
/// or record its end. It is always replaced as a whole.
/// </summary>
internal sealed record NightState
{
    public const string FileName = "night.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Night { get; init; }

    /// <summary>A hash of input and settings.</summary>
    public required string Fingerprint { get; init; }

    public required DateTimeOffset Started { get; init; }

    /// <summary>The night in production when this one began; null where there was none.</summary>
    public string? Before { get; init; }

    public NightData? Data { get; init; }

    public Approval? Approval { get; init; }

    public static string PathOf(RunNights nights, string night) => Path.Combine(nights.PathOf(night), FileName);

    /// <summary>Reads a night's state; null where it has none yet.</summary>
    public static NightState? Read(RunNights nights, string night)
    {
        string path = PathOf(nights, night);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<NightState>(File.ReadAllBytes(path), Json) : null;
        }
        catch (JsonException)
        {
            return null; // damaged by another program: it is renamed into place when whole
        }
    }

    public static void Delete(RunNights nights, string night)
    {
        File.Delete(PathOf(nights, night));
        RunStore.Of(nights.Path)?.Save(PathOf(nights, night));
    }

    public void Write(RunNights nights)
    {
        Directory.CreateDirectory(nights.PathOf(Night));
        AtomicFile.Write(PathOf(nights, Night), JsonSerializer.SerializeToUtf8Bytes(this, Json));
        RunStore.Of(nights.Path)?.Save(PathOf(nights, Night));
    }
}

/// <summary>Why a night may be in production. Written before the night is put there.</summary>
/// <param name="ByHand">Whether somebody did it by hand; else the gate.</param>
internal sealed record Approval(bool ByHand, string Reason, DateTimeOffset At);
