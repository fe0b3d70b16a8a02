namespace NcfSpark.Preparation;

/// <summary>Whether ids are read as texts (STRING); else as numbers (BIGINT).</summary>
internal sealed record IdTypes(bool UserIsText, bool ItemIsText);
