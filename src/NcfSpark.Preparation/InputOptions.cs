using System.ComponentModel.DataAnnotations;
using System.Text;
using NcfSpark.Data;

namespace NcfSpark.Preparation;

/// <summary>Section Input: where the log of interactions is, and how it is laid out.</summary>
public sealed record InputOptions : IValidatableObject
{
    /// <summary>
    /// The log: a file, a folder (all files in it), or a glob such as "logs/2026-*.csv.gz". A file or folder of exactly that name is taken before a glob. Each file is read once, however many
    /// links lead to it. Folders named "date=2026-01-01" give their files a column "date". Relative paths are relative to the current directory. With Spark also what it
    /// reads elsewhere: "hdfs://host/logs", "s3a://bucket/logs/*.parquet", or "table:NAME" for a table or view, such as "table:shop.views".
    /// </summary>
    [ResultNeutral]
    public string Path { get; init; } = "";

    /// <summary>
    /// "csv", "json" (JSON lines: an object on each line; "user.id" names a field within one), "parquet", or "auto": by the files' endings (paths with a scheme: Parquet unless they end as texts do).
    /// CSV and JSON may be compressed by gzip (.gz), zstd (.zst) or bzip2 (.bz2).
    /// </summary>
    [AllowedValues("auto", "csv", "json", "parquet")]
    public string Format { get; init; } = "auto";

    /// <summary>What stands between two columns of a CSV file: "," or "\t" or any other text of up to 4 bytes, such as "::", or "\x01" for Hive's.</summary>
    [Escapes]
    public string Delimiter { get; init; } = ",";

    /// <summary>
    /// The character around a field of a CSV file that holds the delimiter or a line break; doubled, it stands for itself. "" for none: set it so where quotes are letters like others, as in many
    /// files with tabs.
    /// </summary>
    [Escapes]
    public string Quote { get; init; } = "\"";

    /// <summary>Whether the first line of a CSV file names the columns. Without, columns are given by number, from 1.</summary>
    public bool Header { get; init; } = true;

    /// <summary>The column of the user's id: its name, or its number from 1 where there is no header. Whole numbers stay numbers (BIGINT), all else is text.</summary>
    public string UserColumn { get; init; } = "user_id";

    /// <summary>The column of the item's id, as for the user.</summary>
    public string ItemColumn { get; init; } = "item_id";

    /// <summary>
    /// "auto": ids are numbers (BIGINT) where every id of the column is a plain whole number within 64 bits, else texts as they stand ("007", "+49157" and "12.0" are texts, since another spelling could be
    /// another id). "number": an id that is no plain whole number makes its row a bad one. "text": ids are texts, also numbers of 20 digits and more. Name one of the two where a nightly log must not change its type.
    /// </summary>
    [AllowedValues("auto", "number", "text")]
    public string IdType { get; init; } = "auto";

    /// <summary>The column that says when; "" where there is none: then a hash of user and item decides what is held out, and settings that need times are refused.</summary>
    public string TimestampColumn { get; init; } = "timestamp";

    /// <summary>
    /// How times are written. "auto": recognised by all values of the column, and said. "seconds", "milliseconds", "microseconds", "nanoseconds" or "days" since 1970-01-01 UTC, with a fraction or without;
    /// "excel-days" since 1899-12-30, whose fraction is the time of day, read to a millisecond; "yyyymmdd", or yyyymmddhhmmss; "iso", such as 2014-04-06, 2014/04/06 18:42 or 2014-04-06T18:42:17.728+02:00 (UTC where no
    /// zone is given). Name one where "auto" refuses the column, or where times before 1980 are meant. A Parquet TIMESTAMP or DATE needs none.
    /// </summary>
    [AllowedValues("auto", "seconds", "milliseconds", "microseconds", "nanoseconds", "days", "excel-days", "yyyymmdd", "iso")]
    public string TimestampUnit { get; init; } = "auto";

    /// <summary>The column of a rating, or "" where there is none. true and false are 1 and 0.</summary>
    public string RatingColumn { get; init; } = "";

    /// <summary>Rows rated lower are left out (and counted). 0 keeps all. Higher values learn from what was liked, not from what was seen.</summary>
    [Range(0, 1e9)]
    public double MinRating { get; init; }

    /// <summary>What stands before the decimals of a rating or a time in text: "." or ",".</summary>
    [AllowedValues(".", ",")]
    public string DecimalSeparator { get; init; } = ".";

    /// <summary>The column of an event's type, such as view or purchase, or "" where there is none. See EventWeights.</summary>
    public string EventColumn { get; init; } = "";

    /// <summary>
    /// The types of EventColumn that count, each with its weight, such as {"view": 1, "purchase": 10}, or view=1,purchase=10 on the command line. Rows of other types are left out (and counted). Empty: all types
    /// count. Weights must be greater than 0; for now they select, and all that are named train alike.
    /// </summary>
    public SortedDictionary<string, double> EventWeights { get; init; } = [];

    /// <summary>
    /// Texts that say "no value" where an id, a time or a rating belongs, as an empty field does: such a row is bad. Upper and lower case differ. Name fewer where one of them is an id; the empty field stays one.
    /// </summary>
    public string[] NullValues { get; init; } = ["NaN", "nan", "NAN", "NULL", "null", "Null", "\\N", "NA", "N/A", "None", "<NA>"];

    /// <summary>How many rows may be bad (no number where one belongs, an empty id, a wrong count of columns) before the run is refused. Bad rows are kept aside in bad_rows.csv.</summary>
    [Range(0, long.MaxValue)]
    public long MaxBadRows { get; init; }

    /// <summary>For Prepare:Split "given": the held-out rows, laid out like Path (the NCF paper's test.rating). Else "".</summary>
    [ResultNeutral]
    public string TestPath { get; init; } = "";

    /// <summary>For Prepare:Split "given": each held-out row's candidates, in the NCF paper's layout "(user,item)\tcandidate\t…" (test.negative), or "" for none.</summary>
    [ResultNeutral]
    public string TestCandidatesPath { get; init; } = "";

    /// <summary>Where the files can be had, for people: said when one is not there. "" for nothing to say.</summary>
    [ResultNeutral]
    public string Origin { get; init; } = "";

    /// <summary>Items' titles for the report, in a file, folder or glob of CSV, JSON lines or Parquet, or "" for none. Of CSV the delimiter is found by the first line.</summary>
    [ResultNeutral]
    public string TitlesPath { get; init; } = "";

    /// <summary>The column of the titles file that holds the item's id: its name, or its number from 1 where the file has no line of names.</summary>
    [ResultNeutral]
    public string TitlesIdColumn { get; init; } = "item_id";

    /// <summary>The column of the titles file that holds the title.</summary>
    [ResultNeutral]
    public string TitlesTitleColumn { get; init; } = "title";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Path.Length == 0) yield return new("is not set: name the file, folder or glob that holds the interactions", [nameof(Path)]);
        if (Delimiter.Length == 0) yield return new("is empty: name the text between two columns, such as \",\" or \"\\t\"", [nameof(Delimiter)]);
        if (Delimiter.AsSpan().ContainsAny('\n', '\r', '\0')) yield return new("holds a line break or the character 0, at which no engine splits", [nameof(Delimiter)]);
        if (Encoding.UTF8.GetByteCount(Delimiter) > 4) yield return new("is longer than 4 bytes, which is what engines split at", [nameof(Delimiter)]);
        if (Quote.Length > 1 || (Quote.Length == 1 && (Quote[0] is < ' ' or > '~' || Delimiter.Contains(Quote[0], StringComparison.Ordinal)))) yield return new("must be one character of ASCII that is not part of the delimiter, or \"\" for none", [nameof(Quote)]);
        if (RatingColumn.Length == 0 && MinRating != 0) yield return new("needs a RatingColumn", [nameof(MinRating)]);
        if (EventColumn.Length == 0 && EventWeights.Count > 0) yield return new("needs an EventColumn", [nameof(EventWeights)]);
        if (EventWeights.FirstOrDefault(pair => pair.Value is not (> 0 and < double.PositiveInfinity)) is { Key: { } type } pair) yield return new($"gives \"{type}\" the weight {pair.Value}: weights must be greater than 0. To leave a type out, do not name it", [nameof(EventWeights)]);
        foreach ((string name, string value) in new[] { (nameof(UserColumn), UserColumn), (nameof(ItemColumn), ItemColumn) })
        {
            if (value.Length == 0) yield return new("is not set: every interaction has a user and an item", [name]);
        }
    }
}
