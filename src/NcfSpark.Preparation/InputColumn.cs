using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>A column of the input that is used.</summary>
/// <param name="Name">As the file or the setting says it: "userId", or "1".</param>
/// <param name="Sql">As SQL says it: c1, or "userId" quoted.</param>
/// <param name="Kind">What its values are.</param>
internal sealed record InputColumn(string Name, string Sql, SqlColumnKind Kind);
