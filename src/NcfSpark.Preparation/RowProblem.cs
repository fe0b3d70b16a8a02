namespace NcfSpark.Preparation;

/// <summary>What is wrong with a row of the input, as SQL numbers it.</summary>
internal enum RowProblem
{
    None = 0,

    /// <summary>Left out on purpose, not bad.</summary>
    BelowMinRating = 1,

    NoUser = 2,
    NoItem = 3,
    NoTimestamp = 4,
    TimestampIsNoNumber = 5,
    TimestampIsNegative = 6,
    TimestampIsTooLate = 7,
    RatingIsNoNumber = 8,

    /// <summary>A fraction, or so large that neighbours fall together, in a column of floating-point numbers.</summary>
    UserIsNotWhole = 9,
    ItemIsNotWhole = 10,

    /// <summary>The column is not one of whole numbers, so its ids are texts: the log is read again as such.</summary>
    UserIsText = 11,
    ItemIsText = 12,

    UserIsBeyond64Bits = 13,
    ItemIsBeyond64Bits = 14,

    /// <summary>Of a CSV file, where the engine keeps such lines among the rows.</summary>
    LineDoesNotFit = 15,

    /// <summary>Of a CSV file that is read as plain lines; not bad.</summary>
    LineOfNames = 16,

    /// <summary>An event that Input:EventWeights does not name: left out on purpose, not bad.</summary>
    OtherEvent = 17,

    /// <summary>The ticks are too coarse for the time: the log is read again with finer ones.</summary>
    TimestampHasMilliseconds = 18,
    TimestampHasMicroseconds = 19,
    TimestampHasNanoseconds = 20,

    /// <summary>Outside the years in which a time of the recognised form is believed.</summary>
    TimestampIsOfAnotherForm = 21,

    /// <summary>A line break, a zero byte, or U+FFFD.</summary>
    UserHasNoLetter = 22,
    ItemHasNoLetter = 23,

    /// <summary>Missing, no number, or beyond 1e9.</summary>
    WeightIsNoNumber = 24,
}
