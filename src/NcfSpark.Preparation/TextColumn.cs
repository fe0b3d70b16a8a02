namespace NcfSpark.Preparation;

/// <summary>A column that is read as text.</summary>
/// <param name="Setting">The setting that names it, for messages.</param>
/// <param name="Name">Its name.</param>
/// <param name="MayBeEmpty">Whether rows without a value are fine; they give "".</param>
public sealed record TextColumn(string Setting, string Name, bool MayBeEmpty = false);
