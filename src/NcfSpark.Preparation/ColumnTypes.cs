using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>
/// The one type to which a column's types in several Parquet files are united. Nothing is lost by it: whole numbers of
/// all widths become BIGINT; whole numbers beside text become the text of their digits (so that 007 stays 007 and no
/// other id becomes it); floating-point numbers and whole numbers become DOUBLE where no whole number lies beyond 2^53;
/// dates and moments, of which those without a zone are in UTC, become TIMESTAMP. Any other pair is refused.
/// </summary>
internal static class ColumnTypes
{
    private const string Whole = "BIGINT", Exact = "DOUBLE", Moment = "TIMESTAMP", Text = "STRING";

    private static readonly string[] Integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"];

    /// <summary>What to cast two types to, as both engines call it; null where they are one; "" where they cannot be united.</summary>
    /// <param name="one">A type in DuckDB's words, or one of those that this gives.</param>
    /// <param name="other">The type to unite with it, in the same words; the order of the two does not matter.</param>
    public static string? Union(string one, string other)
    {
        if (one == other) return null;
        string[] kinds = [KindOf(one), KindOf(other)];
        if (kinds.All(kind => kind == Whole)) return Whole;
        if (kinds.All(kind => kind is Whole or Text)) return Text;
        if (kinds.All(kind => kind is Whole or Exact)) return Exact;
        return kinds.All(kind => kind == Moment) ? Moment : "";
    }

    /// <summary>Whether casting to DOUBLE may lose digits: then the values have to be looked at.</summary>
    public static bool MayExceedDouble(string type) => type is "BIGINT";

    /// <summary>The type that all have; null where each has the same one already.</summary>
    /// <param name="types">A file of each type, and the type.</param>
    /// <exception cref="InvalidInputException">Two of them cannot be united.</exception>
    public static string? Common(string column, IReadOnlyList<(string File, string Type)> types)
    {
        string united = types[0].Type;
        foreach ((string file, string type) in types.Skip(1))
        {
            string? union = Union(united, type);
            if (union == "")
            {
                throw new InvalidInputException($"{types[0].File} and {file} have different types in column {column}: {types[0].Type} and {type}. "
                    + "Write the files with one type, or let Input:Path name files of one.");
            }

            united = union ?? united;
        }

        return types.Select(type => type.Type).Distinct().Count() == 1 ? null : united;
    }

    private static string KindOf(string type) => type switch
    {
        "FLOAT" or "DOUBLE" => Exact,
        "DATE" => Moment,
        "VARCHAR" or "BLOB" or "STRING" or "UBIGINT" or "HUGEINT" or "UHUGEINT" => Text,
        _ when Integers.Contains(type) => Whole,
        _ when type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => Moment,
        _ when type.StartsWith("DECIMAL(", StringComparison.Ordinal) && type.EndsWith(",0)", StringComparison.Ordinal) => Text,
        _ => type,
    };
}
