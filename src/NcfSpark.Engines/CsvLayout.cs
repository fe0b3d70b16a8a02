namespace NcfSpark.Engines;

/// <summary>How CSV files are laid out.</summary>
/// <param name="Delimiter">What stands between two columns: one to four characters.</param>
/// <param name="Header">Whether the first line of each file names the columns, and is passed over.</param>
/// <param name="Columns">How many columns a line has.</param>
/// <param name="Quote">What a field may be quoted by, one character, doubled for a quote within it; "" where quotes are letters like others.</param>
public sealed record CsvLayout(string Delimiter, bool Header, int Columns, string Quote = "\"")
{
    /// <summary>Whether all bytes are UTF-8, as far as is known. A line with others is rejected, in whatever column they stand.</summary>
    public bool AreUtf8 { get; init; } = true;
}
