namespace NcfSpark.Engines;

/// <summary>A column of a view.</summary>
/// <param name="Name">As the file has it.</param>
/// <param name="Type">The type in the engine's words.</param>
public sealed record SqlColumn(string Name, SqlColumnKind Kind, string Type = "")
{
    /// <summary>Names and kinds count; the engines' words for types differ.</summary>
    public bool Equals(SqlColumn? other) => other is not null && Name == other.Name && Kind == other.Kind;

    public override int GetHashCode() => HashCode.Combine(Name, Kind);
}

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
