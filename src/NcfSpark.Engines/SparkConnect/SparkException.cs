using System.Globalization;
using System.Text.RegularExpressions;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>A statement failed on Spark. The message is the server's own, whole.</summary>
public sealed partial class SparkException : Exception
{
    private SparkException(string message, SparkErrorKind kind, string? errorClass, string? sqlState, Exception? cause)
        : base(message, cause)
    {
        (Kind, ErrorClass, SqlState) = (kind, errorClass, sqlState);
        if (FirstPlace().Match(message) is { Success: true } place)
        {
            Line = int.Parse(place.Groups["line"].ValueSpan, CultureInfo.InvariantCulture);
            // Spark counts columns from 0 where it writes "pos" and from 1 where it writes "position".
            int column = int.Parse(place.Groups["column"].ValueSpan, CultureInfo.InvariantCulture);
            Column = place.Groups["word"].Value == "pos" ? column + 1 : column;
        }
    }

    public SparkErrorKind Kind { get; }

    /// <summary>Spark's name of the error, such as "UNRESOLVED_COLUMN.WITH_SUGGESTION", where it has one.</summary>
    public string? ErrorClass { get; }

    /// <summary>The five characters of the SQL standard, such as "42703", where there are any.</summary>
    public string? SqlState { get; }

    /// <summary>The place in the SQL, both from 1, where the server names one.</summary>
    public int? Line { get; }

    public int? Column { get; }

    /// <summary>Whether what was read or written is at fault rather than the program: callers make an InvalidInputException of it.</summary>
    public bool IsInputAtFault =>
        Kind is SparkErrorKind.PathNotFound or SparkErrorKind.PathExists or SparkErrorKind.TableNotFound or SparkErrorKind.ColumnNotFound
        or SparkErrorKind.UnreadableData or SparkErrorKind.InvalidValue or SparkErrorKind.PermissionDenied;

    /// <param name="hadoopVersion">Asks for the version of Spark's Hadoop, where that is to be said.</param>
    internal SqlEngineException ForCallers(Func<string?>? hadoopVersion = null)
    {
        string? cure = MissingFileSystem.CureFor(Message, hadoopVersion);
        return new(Message, this)
        {
            InputAtFault = IsInputAtFault || cure is not null,
            Cure = cure,
            EngineLost = Kind == SparkErrorKind.ServerLost,
        };
    }

    internal static SparkException FromServer(string message, string? errorClass, string? sqlState, Exception? cause) => StoppedContext().IsMatch(message)
        ? Lost("Spark has stopped, and its log says why (a master that refused it, or executors or memory that were gone). "
            + $"Run the same command again when that is mended. Spark's words: {message.Trim()}", cause)
        : new(message, KindOf(errorClass ?? BracketedClass().Match(message).Groups[1].Value, sqlState), errorClass, sqlState, cause);

    internal static SparkException Lost(string message, Exception? cause) => new(message, SparkErrorKind.ServerLost, null, null, cause);

    // Spark's error-conditions.json lists them; a class of 3.5 is one of 4.x, sometimes with sub-classes after a dot.
    internal static SparkErrorKind KindOf(string errorClass, string? sqlState) => errorClass.Split('.')[0] switch
    {
        "PATH_NOT_FOUND" or "UNABLE_TO_INFER_SCHEMA" or "BATCH_METADATA_NOT_FOUND" => SparkErrorKind.PathNotFound,
        "PATH_ALREADY_EXISTS" or "LOCATION_ALREADY_EXISTS" => SparkErrorKind.PathExists,
        "TABLE_OR_VIEW_NOT_FOUND" or "VIEW_NOT_FOUND" or "SCHEMA_NOT_FOUND" or "CATALOG_NOT_FOUND" => SparkErrorKind.TableNotFound,
        "UNRESOLVED_COLUMN" or "COLUMN_NOT_FOUND" or "UNRESOLVED_USING_COLUMN_FOR_JOIN" => SparkErrorKind.ColumnNotFound,
        "FAILED_READ_FILE" or "CANNOT_READ_FILE_FOOTER" or "PARQUET_CONVERSION_FAILURE" or "MALFORMED_RECORD_IN_PARSING" => SparkErrorKind.UnreadableData,
        "INSUFFICIENT_PERMISSIONS" => SparkErrorKind.PermissionDenied,
        "DIVIDE_BY_ZERO" or "ARITHMETIC_OVERFLOW" or "CAST_INVALID_INPUT" or "CAST_OVERFLOW" => SparkErrorKind.InvalidValue,
        "PARSE_SYNTAX_ERROR" => SparkErrorKind.InvalidStatement,
        _ when sqlState is ['2', '2', ..] => SparkErrorKind.InvalidValue,
        _ when sqlState is ['4', '2', '5', ..] => SparkErrorKind.PermissionDenied,
        _ when sqlState is ['4', '2', ..] => SparkErrorKind.InvalidStatement,
        _ => SparkErrorKind.Other,
    };

    // "(line 1, pos 7)" of the parser, "; line 1 pos 7" of the analyser, "== SQL (line 1, position 8) ==" of an expression that failed.
    [GeneratedRegex(@"\bline (?<line>\d+),? (?<word>pos|position) (?<column>\d+)", RegexOptions.ExplicitCapture)]
    private static partial Regex FirstPlace();

    // What a statement fails with whose driver lives and whose SparkContext does not.
    [GeneratedRegex(@"stopped SparkContext|SparkContext (was|has been) shut ?down|All masters are unresponsive|Master removed our application",
        RegexOptions.IgnoreCase)]
    private static partial Regex StoppedContext();

    [GeneratedRegex(@"\[([A-Z0-9_]+(?:\.[A-Z0-9_]+)*)\]")]
    private static partial Regex BracketedClass();
}
