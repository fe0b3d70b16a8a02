namespace NcfSpark.Engines.SparkConnect;

/// <summary>What kind of thing went wrong on Spark, as far as a caller would act on it.</summary>
public enum SparkErrorKind
{
    /// <summary>Anything else; the message says it.</summary>
    Other,

    /// <summary>The statement does not parse, or does not fit the tables it names, in a way that has no kind of its own.</summary>
    InvalidStatement,

    /// <summary>A path that is read does not exist, or there is nothing at it.</summary>
    PathNotFound,

    /// <summary>A path that is to be written exists already.</summary>
    PathExists,

    TableNotFound,

    ColumnNotFound,

    /// <summary>A file cannot be read: cut short, or of another format.</summary>
    UnreadableData,

    /// <summary>A value cannot be computed: text in a number, an overflow, a division by zero.</summary>
    InvalidValue,

    PermissionDenied,

    /// <summary>The server is gone, or has forgotten the session; nothing is known of the operation's fate.</summary>
    ServerLost,
}
