namespace NcfSpark.Preparation;

/// <summary>A column of a file beside the log.</summary>
/// <param name="Setting">The setting that names it, for messages.</param>
/// <param name="Name">Its name, or its number from 1 where the file has no line of names.</param>
/// <param name="Kind">What stands in it.</param>
public sealed record ListColumn(string Setting, string Name, ListColumnKind Kind = ListColumnKind.Id);

/// <summary>What stands in a column of a file beside the log. All of them are trimmed.</summary>
public enum ListColumnKind
{
    /// <summary>Ids, as in the log: each row has one, on one line.</summary>
    Id,

    /// <summary>What may be missing: empty, or a text that says that there is no value. It gives "".</summary>
    Value,

    /// <summary>Words for people, such as a title: as they stand, even "null".</summary>
    Words,
}
