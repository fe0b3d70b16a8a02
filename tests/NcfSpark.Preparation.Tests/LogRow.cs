namespace NcfSpark.Preparation.Tests;

/// <summary>A row of a log.</summary>
public readonly record struct LogRow(string User, string Item, long Timestamp);
