namespace NcfSpark.Engines;

/// <summary>What the values of a column are, as far as preparing has to know.</summary>
public enum SqlColumnKind
{
    /// <summary>STRING, and whatever has no better place here: its text says it (UNSIGNED BIGINT, DECIMAL, UUID).</summary>
    Text,

    /// <summary>Whole numbers that fit BIGINT.</summary>
    WholeNumber,

    /// <summary>FLOAT and DOUBLE.</summary>
    Floating,

    /// <summary>A moment in time, with or without a zone.</summary>
    Timestamp,

    /// <summary>true and false.</summary>
    Boolean,

    /// <summary>Bytes that nobody marked as text.</summary>
    Binary,

    /// <summary>A struct, list or map.</summary>
    Nested,
}
