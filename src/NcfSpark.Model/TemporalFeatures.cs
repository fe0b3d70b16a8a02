namespace NcfSpark.Model;

/// <summary>
/// Features of the times of a user's latest items: 24 bits of a number, in three groups of 8, of which at most one bit
/// each is set.
/// Bits 0 to 7: the pause before the latest item (none, up to 10 s, a minute, 10 minutes, an hour, a day, a week,
/// longer). Bits 8 to 15: how many items fell into the latest second, 1 to 8 or more.
/// Bits 16 to 23: how many items there were since the last pause of an hour: 1, 2 to 3, 4 to 7, … 128 or more.
/// They contain nothing about what happens next, or when: that is not known when a list is made.
/// Example, items at the seconds 5, 7000, 7003, 7003: bit 0 (no pause), bit 9 (two in the latest second), bit 17 (three
/// in the session).
/// </summary>
public static class TemporalFeatures
{
    /// <summary>Number of features.</summary>
    public const int Count = 24;

    private const int Steps = 8, Most = 1 << (Steps - 1), Pause = 3600;

    /// <summary>The features of items at these times, in seconds, ascending; 0 if there are none.</summary>
    public static uint Of(ReadOnlySpan<long> times)
    {
        if (times.IsEmpty) return 0;
        int burst = 1, session = 1;
        while (burst < Steps && burst < times.Length && times[^(burst + 1)] == times[^1]) burst++;
        while (session < Most && session < times.Length && times[^session] - times[^(session + 1)] < Pause) session++;
        uint gap = times.Length > 1 ? 1u << StepOf(times[^1] - times[^2]) : 0;
        return gap | 1u << (Steps + burst - 1) | 1u << (2 * Steps + int.Log2(session));
    }

    private static int StepOf(long seconds) => seconds switch
    {
        <= 0 => 0,
        <= 10 => 1,
        <= 60 => 2,
        <= 600 => 3,
        <= 3600 => 4,
        <= 86_400 => 5,
        <= 7 * 86_400 => 6,
        _ => 7,
    };
}
