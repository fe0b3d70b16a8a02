namespace NcfSpark.Engines;

/// <summary>How CSV files are laid out. A field may be quoted by ", and "" is a quote within it.</summary>
/// <param name="Delimiter">What stands between two columns: one to four characters.</param>
/// <param name="Header">Whether the first line of each file names the columns, and is passed over.</param>
/// <param name="Columns">How many columns a line has.</param>
/// <param name="RejectedLimit">At least 1: how many lines that do not fit have to be told of each file. Where there are more, at least as many are told.</param>
public sealed record CsvLayout(string Delimiter, bool Header, int Columns, long RejectedLimit);
