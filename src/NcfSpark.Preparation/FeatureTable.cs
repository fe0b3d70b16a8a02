using System.Globalization;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>
/// The table of items' features. It is small beside the log, so one reader in this process serves every engine, and prepared features are the same on all.
/// A feature is named for its column and value: "genres=Comedy", "price#3" (a range of a number), "title~57" (a hashed word), "title~~57" (pairs of letters).
/// </summary>
internal sealed class FeatureTable
{
    private const string View = "ncf_feature_items", Group = "Input:ItemFeatures";

    private readonly FeatureOptions options;
    private readonly ListFiles files;
    private readonly ListColumn[] columns;
    private readonly string[] ids;
    private readonly List<string>[] features; // by row

    private FeatureTable(InputOptions input)
    {
        options = input.ItemFeatures;
        files = ListFiles.Find(input, options.Path, $"{Group}:Path");
        ListColumn[] Columns(string[] names, string setting, ListColumnKind kind) =>
            Array.ConvertAll(names, name => new ListColumn($"{Group}:{setting}", name, kind));
        columns =
        [
            new($"{Group}:IdColumn", options.IdColumn), .. Columns(options.Categories, "Categories", ListColumnKind.Value),
            .. Columns(options.Lists, "Lists", ListColumnKind.Many), .. Columns(options.Numbers, "Numbers", ListColumnKind.Value),
            .. Columns(options.Texts, "Texts", ListColumnKind.Words),
        ];
        string[][] values = files.Read(columns);
        ids = values[0];
        features = [.. ids.Select(_ => new List<string>())];
        int next = 1;
        foreach (string _ in options.Categories) AddValues(columns[next], values[next++], value => value.Length == 0 ? [] : [value]);
        foreach (string _ in options.Lists) AddValues(columns[next], values[next++], ValuesOf);
        foreach (string _ in options.Numbers) AddNumbers(columns[next], values[next++]);
        foreach (string _ in options.Texts) AddTexts(columns[next], values[next++]);
    }

    /// <summary>Reads the table; null where there is none.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, lacks a column, has a value that is no number, or a column with too many values.</exception>
    public static FeatureTable? Read(InputOptions input) => input.ItemFeatures.IsSet ? new FeatureTable(input) : null;

    /// <summary>A query of the table's item_id, once <see cref="Open"/> was called.</summary>
    public static string ItemIds => $"SELECT item_id FROM {View}";

    /// <summary>Makes the items a view of the engine, by way of a Parquet file.</summary>
    /// <exception cref="InvalidInputException">The log's ids are numbers, and one of these is none.</exception>
    public void Open(ISqlEngine engine, string parquet, bool idsAreText)
    {
        using (ParquetFile file = ParquetFile.Create(parquet, ("item_id", idsAreText ? typeof(string) : typeof(long))))
        {
            string[] distinct = [.. ids.Distinct()];
            file.WriteGroup(idsAreText ? distinct : Array.ConvertAll(distinct, NumberOf));
        }

        engine.ReadParquet(View, [parquet]);
    }

    /// <summary>Writes the features of the items, once these have their indexes.</summary>
    /// <param name="rows">Receives the counts.</param>
    public void Write(ISqlEngine engine, IStageWriter writer, SortedDictionary<string, long> rows)
    {
        var indexes = engine.Query($"SELECT CAST(item_id AS STRING), CAST(item_index AS BIGINT) FROM {SplitSql.Items}")
            .ToDictionary(row => (string)row[0]!, row => (int)(long)row[1]!, StringComparer.Ordinal);
        (int Item, string Feature)[] pairs = [.. ids.SelectMany((id, row) => features[row].Select(feature => (indexes[id], feature))).Distinct()];
        string[] names = [.. pairs.GroupBy(pair => pair.Feature).Where(group => group.Count() >= options.LeastItems).Select(group => group.Key)];
        Array.Sort(names, StringComparer.Ordinal);
        if (names.Length == 0)
        {
            throw new InvalidInputException($"{files.Name}: no feature is there of {options.LeastItems} items or more. Name further columns in "
                + $"{Group}:Categories, Lists, Numbers or Texts, or lower {Group}:LeastItems.");
        }

        var numbers = names.Select((name, number) => (name, number)).ToDictionary(pair => pair.name, pair => pair.number, StringComparer.Ordinal);
        (int Item, int Feature)[] kept = [.. pairs.Where(pair => numbers.ContainsKey(pair.Feature)).Select(pair => (pair.Item, numbers[pair.Feature])).Order()];
        using (ParquetFile file = ParquetFile.Create(
            Path.Combine(writer.File(PreparedData.ItemFeatures), "part-0.parquet"), ("item_index", typeof(int)), ("feature_index", typeof(int))))
        {
            file.WriteGroup(Array.ConvertAll(kept, pair => pair.Item), Array.ConvertAll(kept, pair => pair.Feature));
        }

        using (ParquetFile file = ParquetFile.Create(
            Path.Combine(writer.File(PreparedData.FeatureNames), "part-0.parquet"), ("feature_index", typeof(int)), ("name", typeof(string))))
        {
            file.WriteGroup(Enumerable.Range(0, names.Length).ToArray(), names);
        }

        (rows[PreparedData.ItemFeatures], rows[PreparedData.FeatureNames]) = (kept.Length, names.Length);
    }

    private void AddValues(ListColumn column, string[] texts, Func<string, string[]> valuesOf)
    {
        var different = new HashSet<string>(StringComparer.Ordinal);
        for (int row = 0; row < texts.Length; row++)
        {
            foreach (string value in valuesOf(texts[row]))
            {
                features[row].Add($"{column.Name}={value}");
                if (!different.Add(value) || different.Count <= options.MaxValues) continue;
                throw new InvalidInputException($"{files.PlaceOf(row, columns)}, column {column.Name}: with {ShownText.Of(value)} it has more than "
                    + $"{options.MaxValues:N0} different values ({Group}:MaxValues). "
                    + $"Take it out of {column.Setting} if it is an id, or name it in {Group}:Texts.");
            }
        }
    }

    private string[] ValuesOf(string text) => [.. text.Split(text.Contains(ParquetSlices.ValueEnd) ? $"{ParquetSlices.ValueEnd}" : options.Separator)
        .Select(IdText.Trim).Where(value => value.Length > 0).Distinct()];

    // Bound k of B ranges is the value at place k n / B of the n values in order. Equal values are in one range.
    private void AddNumbers(ListColumn column, string[] texts)
    {
        var values = new (int Row, double Value)[texts.Length];
        int count = 0;
        for (int row = 0; row < texts.Length; row++)
        {
            if (texts[row].Length == 0) continue;
            if (!double.TryParse(texts[row], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !double.IsFinite(value))
            {
                throw new InvalidInputException($"{files.PlaceOf(row, columns)}, column {column.Name}: {ShownText.Of(texts[row])} is no number. "
                    + $"Mend it, or take the column out of {column.Setting}.");
            }

            values[count++] = (row, value);
        }

        double[] sorted = [.. values.Take(count).Select(one => one.Value).Order()];
        double[] bounds = [.. Enumerable.Range(1, options.Buckets - 1).Where(_ => count > 0).Select(k => sorted[(int)((long)k * count / options.Buckets)])];
        foreach ((int row, double value) in values.Take(count)) features[row].Add($"{column.Name}#{bounds.Count(bound => bound <= value)}");
    }

    private void AddTexts(ListColumn column, string[] texts)
    {
        for (int row = 0; row < texts.Length; row++)
        {
            string lower = texts[row].ToLowerInvariant();
            string[] words = [.. new string([.. lower.Select(letter => char.IsLetterOrDigit(letter) ? letter : ' ')])
                .Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct()];
            foreach (string word in words) features[row].Add($"{column.Name}~{PortableHash.OfText(word) % options.TextFeatures}");
            foreach (string pair in words.SelectMany(word => Enumerable.Range(0, word.Length - 1).Select(at => word.Substring(at, 2))).Distinct())
            {
                features[row].Add($"{column.Name}~~{PortableHash.OfText(pair) % options.TextFeatures}");
            }
        }
    }

    private long NumberOf(string id) => WholeNumber.TryRead(id, out long number) ? number : throw new InvalidInputException(
        $"{files.PlaceOf(Array.IndexOf(ids, id), columns)}: the id {ShownText.Of(id)} is no whole number, while the items' ids in Input:Path are. "
        + $"Name the items by the same ids, or another column in {Group}:IdColumn.");
}
