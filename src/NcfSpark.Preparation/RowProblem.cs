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
}
