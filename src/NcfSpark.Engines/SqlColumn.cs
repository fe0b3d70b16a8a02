namespace NcfSpark.Engines;

/// <summary>A column of a view.</summary>
/// <param name="Name">As the file has it.</param>
/// <param name="Kind">What its values are.</param>
public sealed record SqlColumn(string Name, SqlColumnKind Kind);
