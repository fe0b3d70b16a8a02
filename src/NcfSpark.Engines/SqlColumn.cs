namespace NcfSpark.Engines;

/// <summary>A column of a view.</summary>
/// <param name="Name">As the file has it.</param>
/// <param name="Kind">What its values are.</param>
/// <param name="Type">The type in the engine's words.</param>
public sealed record SqlColumn(string Name, SqlColumnKind Kind, string Type = "")
{
    /// <summary>Names and kinds count; the engines' words for types differ.</summary>
    public bool Equals(SqlColumn? other) => other is not null && Name == other.Name && Kind == other.Kind;

    public override int GetHashCode() => HashCode.Combine(Name, Kind);
}
