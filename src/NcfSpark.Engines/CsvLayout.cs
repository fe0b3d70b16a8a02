namespace NcfSpark.Engines;

/// <summary>How CSV files are laid out. A field may be quoted by ", and "" is a quote within it.</summary>
/// <param name="Delimiter">What stands between two columns: one to four characters.</param>
/// <param name="Header">Whether the first line of each file names the columns, and is passed over.</param>
/// <param name="Columns">How many columns a line has.</param>
public sealed record CsvLayout(string Delimiter, bool Header, int Columns);
