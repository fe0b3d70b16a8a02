using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// The input as a table "log" of its usable rows and the others: (user_id, item_id, moment, problem) and, of a given
/// split, held_out, which is 1 for rows of Input:TestPath; usable rows have problem 0.
/// </summary>
/// <param name="Earliest">The least moment of a usable row.</param>
/// <param name="Rows">All rows, the bad ones too.</param>
/// <param name="BelowMinRating">Rows left out for their rating.</param>
/// <param name="OtherEvents">Rows left out for their event.</param>
/// <param name="BadRows">Rows that cannot be used, at most as many as Input:MaxBadRows.</param>
/// <param name="Notes">How the input was understood: sentences by "users", "items", "times" and "events".</param>
internal sealed record InteractionLog(
    IdTypes Ids, long TicksPerSecond, long Earliest, long Latest, long Rows, long BelowMinRating, long OtherEvents, long BadRows, IReadOnlyList<BadRow> Bad,
    SortedDictionary<string, string> Notes)
{
    public const string Table = "ncf_log";

    /// <summary>What moments are.</summary>
    public required LogClock Clock { get; init; }

    /// <summary>Rows that are used, duplicates too.</summary>
    public long Usable => Rows - BadRows - BelowMinRating - OtherEvents;

    /// <summary>A moment for people.</summary>
    public string At(long moment) => Clock == LogClock.Dates
        ? $"{DateTime.UnixEpoch.AddSeconds(moment / (double)TicksPerSecond):yyyy-MM-dd HH:mm:ss}"
        : $"{moment / (double)TicksPerSecond:0.###}";

    /// <summary>Reads and checks the sources.</summary>
    /// <exception cref="InvalidInputException">There are no usable rows, or more bad ones than are allowed.</exception>
    public static InteractionLog Read(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, IProgressReporter progress) =>
        new LogReader(engine, input, sources, progress).Read();
}

/// <summary>What a log's moments are: none at all, an order without days (1, 2, 3 …), or times of our years.</summary>
internal enum LogClock
{
    None,
    Order,
    Dates,
}
