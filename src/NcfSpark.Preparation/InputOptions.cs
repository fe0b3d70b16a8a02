using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>Section Input: where the log of interactions is, and how it is laid out.</summary>
public sealed record InputOptions : IValidatableObject
{
    /// <summary>
    /// The log: a file, a folder (all files in it), or a glob such as "logs/2026-*.csv.gz". A file or folder of exactly that name
    /// is preferred to a glob. Each file is read once, however many links lead to it. Folders named "date=2026-01-01" give their
    /// files a column "date". Relative paths start at the current directory. "s3://bucket/logs" names an object, a folder or a
    /// glob of object storage (section Storage), here and wherever else files are named. With Spark also what Spark reads:
    /// "hdfs://host/logs", "gs://bucket/logs/*.parquet", or "table:NAME" for a table or view.
    /// </summary>
    [ExcludeFromFingerprint]
    public string Path { get; init; } = "";

    /// <summary>
    /// Format of the log's files: "csv", "json" (JSON lines: an object on each line; a column "user.id" is a field within an
    /// object) or "parquet". "auto" (default): by the files' endings; paths with a scheme are Parquet unless they end like text
    /// files. CSV and JSON may be compressed by gzip (.gz), zstd (.zst) or bzip2 (.bz2).
    /// </summary>
    public InputFormat Format { get; init; }

    /// <summary>Text between two columns of a CSV file, of up to 4 bytes: "," or "\t" or "::", or "\x01" for files of Hive.</summary>
    [Escapes]
    public string Delimiter { get; init; } = ",";

    /// <summary>
    /// Character around a field of a CSV file that holds the delimiter or a line break; doubled, it stands for itself. Set it to
    /// "" (none) where quotes are ordinary characters, as in many files with tabs.
    /// </summary>
    [Escapes]
    public string Quote { get; init; } = "\"";

    /// <summary>Whether the first line of a CSV file names the columns. If false, columns are given by their numbers from 1.</summary>
    public bool Header { get; init; } = true;

    /// <summary>Column of the user's id: its name, or its number from 1 without Header.</summary>
    public string UserColumn { get; init; } = "user_id";

    /// <summary>Column of the item's id: its name, or its number from 1 without Header.</summary>
    public string ItemColumn { get; init; } = "item_id";

    /// <summary>
    /// Type of ids. "auto" (default): numbers (BIGINT) if every id of the column is a plain whole number within 64 bits, else
    /// text as it stands ("007", "+49157" and "12.0" are text, since another spelling could be another id). "number": rows with
    /// other ids are bad rows. "text": all ids are text. Set one of the last two where the type must stay the same from night to
    /// night.
    /// </summary>
    public IdType IdType { get; init; }

    /// <summary>
    /// Column of an interaction's time. Set it to "" if there is none: then a hash of user and item decides what is held out, and
    /// settings that need times are refused.
    /// </summary>
    public string TimestampColumn { get; init; } = "timestamp";

    /// <summary>
    /// How times are written. "auto" (default): recognised from all values of the column, and reported. "seconds",
    /// "milliseconds", "microseconds", "nanoseconds" or "days": since 1970-01-01 UTC, whole or with a fraction. "excel-days":
    /// days since 1899-12-30, whose fraction is the time of day. "yyyymmdd": so, or yyyymmddhhmmss. "iso": such as 2014-04-06,
    /// 2014/04/06 18:42 or 2014-04-06T18:42:17.728+02:00 (UTC where no zone is given). Set it where "auto" refuses the column, or
    /// for times before 1980. A Parquet TIMESTAMP or DATE needs none.
    /// </summary>
    public TimestampUnit TimestampUnit { get; init; }

    /// <summary>Column of a rating. "" (default): there is none. true and false are read as 1 and 0.</summary>
    public string RatingColumn { get; init; } = "";

    /// <summary>
    /// Lowest rating of a row that is used; others are left out and counted. 0 (default): all rows are used. Raise it to learn
    /// from what users liked instead of what they used.
    /// </summary>
    [Range(0, 1e9)]
    public double MinRating { get; init; }

    /// <summary>Character before the decimals of a rating or a time that is written as text.</summary>
    [AllowedValues(".", ",")]
    public string DecimalSeparator { get; init; } = ".";

    /// <summary>Column of an event's type, such as view or purchase. "" (default): there is none. See EventWeights.</summary>
    public string EventColumn { get; init; } = "";

    /// <summary>
    /// Types of EventColumn that are used, each with its weight, such as {"view": 1, "cart": 3, "purchase": 10}, or
    /// view=1,purchase=10 on the command line. Rows of other types are left out and counted. Empty (default): all types are used,
    /// and weigh 1. A negative weight is a dislike: the item is left out of the user's lists as seen ones are, and is
    /// always among the user's negatives. Where all weights are equal they only select. Kept to six decimals.
    /// </summary>
    public SortedDictionary<string, double> EventWeights { get; init; } = [];

    /// <summary>
    /// Column of a number that a row weighs, such as seconds played or a quantity; times the weight of its event, where there are
    /// events. 0 says nothing, a negative number is a dislike. "" (default): there is none.
    /// </summary>
    public string WeightColumn { get; init; } = "";

    /// <summary>
    /// What becomes of the weight w of a user and an item, once repeats are added up. "none" (default): it stays. "log": the
    /// natural logarithm of 1 + w, so that the hundredth play says less than the first. "cap": w, at most WeightCap.
    /// </summary>
    public WeightTransform WeightTransform { get; init; }

    /// <summary>Largest weight of a user and an item, for WeightTransform "cap".</summary>
    [Range(1e-6, 1e9)]
    public double? WeightCap { get; init; }

    /// <summary>
    /// What the rows of one user and one item weigh together. "sum": as much as all of them, so that each repeat counts; the
    /// number of rows, where nothing else gives weights. "latest": as much as the latest of them. null (default): "sum" where a
    /// column or events give weights, else "latest". The time is that of the latest row in any case.
    /// </summary>
    public RepeatRule? Repeats { get; init; }

    /// <summary>Whether interactions differ in weight, so that prepared rows have one.</summary>
    public bool IsWeighted => WeightColumn.Length > 0 || Repeats == RepeatRule.Sum || EventWeights.Values.Distinct().Count() > 1
        || EventWeights.Values.Any(weight => weight < 0);

    /// <summary>
    /// Texts that stand for a missing value, as an empty field does: a row in which an id, a time or a rating is one of them is
    /// bad. Upper and lower case differ. Remove one from the list if it is an id.
    /// </summary>
    public string[] NullValues { get; init; } = ["NaN", "nan", "NAN", "NULL", "null", "Null", "\\N", "NA", "N/A", "None", "<NA>"];

    /// <summary>
    /// Number of bad rows (an empty id, text instead of a number, a wrong number of columns) up to which the log is accepted. Bad
    /// rows are written to bad_rows.csv.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long MaxBadRows { get; init; }

    /// <summary>
    /// File of the held-out interactions for Prepare:Split "given", laid out like Path (the NCF paper's test.rating). ""
    /// (default): none.
    /// </summary>
    [ExcludeFromFingerprint]
    public string TestPath { get; init; } = "";

    /// <summary>
    /// File of each held-out row's candidates for Prepare:Split "given", in the NCF paper's layout "(user,item)\tcandidate\t…"
    /// (test.negative). "" (default): none.
    /// </summary>
    [ExcludeFromFingerprint]
    public string TestCandidatesPath { get; init; } = "";

    /// <summary>Where the log's files can be obtained: a text for people, shown when a file is missing.</summary>
    [ExcludeFromFingerprint]
    public string Origin { get; init; } = "";

    /// <summary>
    /// File, folder or glob of items' titles for the report, as CSV, JSON lines or Parquet. "" (default): none. The delimiter of
    /// CSV is found from the first line.
    /// </summary>
    [ExcludeFromFingerprint]
    public string TitlesPath { get; init; } = "";

    /// <summary>Column of TitlesPath that holds the item's id: its name, or its number from 1 where the file has no line of names.</summary>
    [ExcludeFromFingerprint]
    public string TitlesIdColumn { get; init; } = "item_id";

    /// <summary>Column of TitlesPath that holds the title.</summary>
    [ExcludeFromFingerprint]
    public string TitlesTitleColumn { get; init; } = "title";

    /// <summary>What items are like, for Model:Item "features" and for items without interactions.</summary>
    public FeatureOptions ItemFeatures { get; init; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Path.Length == 0) yield return new("is not set: name the file, folder or glob that holds the interactions", [nameof(Path)]);
        if (Delimiter.Length == 0) yield return new("is empty: name the text between two columns, such as \",\" or \"\\t\"", [nameof(Delimiter)]);
        if (Delimiter.AsSpan().ContainsAny('\n', '\r', '\0'))
        {
            yield return new("holds a line break or the character 0, at which no engine splits", [nameof(Delimiter)]);
        }

        if (Encoding.UTF8.GetByteCount(Delimiter) > 4) yield return new("is longer than 4 bytes, which is what engines split at", [nameof(Delimiter)]);
        if (Quote.Length > 1 || (Quote.Length == 1 && (Quote[0] is < ' ' or > '~' || Delimiter.Contains(Quote[0], StringComparison.Ordinal))))
        {
            yield return new("must be one character of ASCII that is not part of the delimiter, or \"\" for none", [nameof(Quote)]);
        }

        if (RatingColumn.Length == 0 && MinRating != 0) yield return new("needs a RatingColumn", [nameof(MinRating)]);
        if (EventColumn.Length == 0 && EventWeights.Count > 0) yield return new("needs an EventColumn", [nameof(EventWeights)]);
        if (EventWeights.FirstOrDefault(pair => !(Math.Abs(pair.Value) is >= 1e-6 and <= 1e9)) is { Key: { } type } pair)
        {
            yield return new($"gives \"{type}\" the weight {pair.Value}: weights lie between 0.000001 and 1e9, or are negative for a dislike. "
                + "To leave a type out, do not name it", [nameof(EventWeights)]);
        }

        if (EventWeights.Count > 0 && EventWeights.Values.All(weight => weight < 0))
        {
            yield return new("has dislikes only: name an event that users do of their own will, with a weight above 0", [nameof(EventWeights)]);
        }

        if (WeightTransform == WeightTransform.Cap != WeightCap is not null)
        {
            yield return new("go together: name the largest weight in WeightCap, and set WeightTransform to \"cap\"",
                [nameof(WeightTransform), nameof(WeightCap)]);
        }

        if (WeightTransform != WeightTransform.None && !IsWeighted)
        {
            yield return new("has nothing to change: name a WeightColumn, give EventWeights that differ, or set Repeats to \"sum\"",
                [nameof(WeightTransform)]);
        }

        if (ItemFeatures.IsSet && ItemFeatures is { Categories: [], Lists: [], Numbers: [], Texts: [] })
        {
            yield return new("is set, but no columns are: name them in Categories, Lists, Numbers or Texts",
                [$"{nameof(ItemFeatures)}:{nameof(ItemFeatures.Path)}"]);
        }

        if (ItemFeatures.Separator.Length == 0)
        {
            yield return new("is empty: name the text between two values, such as \"|\"", [$"{nameof(ItemFeatures)}:{nameof(ItemFeatures.Separator)}"]);
        }

        foreach ((string name, string value) in new[] { (nameof(UserColumn), UserColumn), (nameof(ItemColumn), ItemColumn) })
        {
            if (value.Length == 0) yield return new("is not set: every interaction has a user and an item", [name]);
        }
    }
}

/// <summary>What becomes of the weight of a user and an item.</summary>
[JsonConverter(typeof(SettingTextConverter<WeightTransform>))]
public enum WeightTransform
{
    None,
    Log,
    Cap,
}

/// <summary>What several rows of one user and one item weigh.</summary>
[JsonConverter(typeof(SettingTextConverter<RepeatRule>))]
public enum RepeatRule
{
    Latest,
    Sum,
}

/// <summary>What files hold; Auto: what their endings say.</summary>
[JsonConverter(typeof(SettingTextConverter<InputFormat>))]
public enum InputFormat
{
    Auto,
    Csv,
    Json,
    Parquet,
}

/// <summary>How ids are read; Auto: as numbers where all of a column are plain whole numbers.</summary>
[JsonConverter(typeof(SettingTextConverter<IdType>))]
public enum IdType
{
    Auto,
    Number,
    Text,
}

/// <summary>How times are written; Auto: as the values of the column say.</summary>
[JsonConverter(typeof(SettingTextConverter<TimestampUnit>))]
public enum TimestampUnit
{
    Auto,
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    Days,
    ExcelDays,
    Yyyymmdd,
    Iso,
}
