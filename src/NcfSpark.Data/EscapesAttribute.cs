namespace NcfSpark.Data;

/// <summary>
/// Marks a setting that is a separator or a character, which may be one that no shell or file shows: a backslash in it begins an escape ("\t"), from wherever it is given.
/// Other texts (paths, patterns) keep their backslashes.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EscapesAttribute : Attribute;
