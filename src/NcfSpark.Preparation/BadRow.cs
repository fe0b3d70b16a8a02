namespace NcfSpark.Preparation;

/// <summary>A row that cannot be used.</summary>
/// <param name="File">The file it stands in.</param>
/// <param name="Line">Its line from 1, or null where none can be told (Parquet).</param>
/// <param name="Reason">What is wrong, naming the column where it is one.</param>
/// <param name="Text">What the row says.</param>
internal sealed record BadRow(string File, long? Line, string Reason, string Text)
{
    public override string ToString() => $"{File}{(Line is null ? "" : $", line {Line}")}: {Reason}";
}
