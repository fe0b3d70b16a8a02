using System.Globalization;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Preparation;

namespace NcfSpark.Pipeline;

/// <summary>
/// The log of what users were shown (Evaluate:ShownPath): columns user (or user_id), item (or item_id), rank and clicked (0 or 1), and where they are there
/// list, propensity (above 0, at most 1), timestamp and variant.
/// </summary>
public static class ShownLog
{
    private const string Setting = "Evaluate:ShownPath";

    /// <exception cref="InvalidInputException">It cannot be read, lacks a column, or has a value that is none; the message says where.</exception>
    public static ShownItem[] Read(NcfSparkConfiguration settings)
    {
        ListFiles files = ListFiles.Find(settings.Input, settings.Evaluate.ShownPath, Setting);
        ListColumn[] columns =
        [
            Id("user"), Id("item"), new($"a column rank in {Setting}", "rank", ListColumnKind.Value),
            new($"a column clicked in {Setting}", "clicked", ListColumnKind.Value),
            .. new[] { "list", "propensity", "variant", "timestamp" }.Where(files.Has).Select(name => new ListColumn(Setting, name, ListColumnKind.Value)),
        ];
        string[][] texts = files.Read(columns);
        if (texts[0].Length == 0) throw new InvalidInputException($"{files.Name} has no rows. Name a log of what was shown in {Setting}.");
        int ColumnOf(string name) => Array.FindIndex(columns, column => column.Name == name);
        (int list, int propensity, int variant, int time) = (ColumnOf("list"), ColumnOf("propensity"), ColumnOf("variant"), ColumnOf("timestamp"));
        string TextOf(int column, int row) => column < 0 ? "" : texts[column][row];
        var shown = new ShownItem[texts[0].Length];
        for (int row = 0; row < shown.Length; row++)
        {
            bool? clicked = texts[3][row] switch { "1" or "true" => true, "0" or "false" => false, _ => null };
            if (!int.TryParse(texts[2][row], CultureInfo.InvariantCulture, out int rank) || rank < 1) throw Wrong(row, 2, "a whole number from 1");
            if (clicked is null) throw Wrong(row, 3, "0 or 1");
            string chance = TextOf(propensity, row);
            if (!double.TryParse(chance, CultureInfo.InvariantCulture, out double p) ? chance.Length > 0 : !(p > 0 && p <= 1))
            {
                throw Wrong(row, propensity, "a probability above 0 and at most 1, or nothing");
            }

            shown[row] = new(texts[0][row], texts[1][row], TextOf(list, row), rank, clicked.Value, chance.Length == 0 ? null : p,
                TextOf(variant, row), TextOf(time, row));
        }

        return shown;

        ListColumn Id(string name) => new($"a column {name} in {Setting}", files.Has(name) || !files.Has($"{name}_id") ? name : $"{name}_id");

        InvalidInputException Wrong(int row, int column, string wanted) => new($"{files.PlaceOf(row, columns)}, column {columns[column].Name}: "
            + $"\"{ShownText.Of(texts[column][row])}\" is not {wanted}. Mend it, or take the row out.");
    }

    /// <summary>What was shown beside the lists of a run: a row of a list that the run has, too, is looked up there, others in the recommendations.</summary>
    /// <returns>The figures; without ips and snips where the run has no predictions.</returns>
    public static IReadOnlyList<ShownFigure> Measure(NcfSparkConfiguration settings, string runDirectory, ShownItem[] shown)
    {
        if (!Directory.Exists(Path.Combine(runDirectory, Stage.Predictions))) return ShownMeasure.Of(shown, isIn: null, settings.Evaluate);
        StageDirectory predictions = StageDirectory.Open(runDirectory, Stage.Predictions, isRead: _ => false);
        string PlaceOf(string list) => list.Length > 0 && list.All(letter => letter is not ('/' or '.'))
            && predictions.Manifest.Files.Keys.Any(file => file.StartsWith($"{ScoreStage.Lists}/{list}/", StringComparison.Ordinal))
            ? $"{ScoreStage.Lists}/{list}" : "recommendations";
        var placeOf = shown.Select(item => item.List).Distinct().ToDictionary(list => list, PlaceOf, StringComparer.Ordinal);
        var asked = shown.Select(item => (placeOf[item.List], item.User, item.Item)).ToHashSet();
        var there = new HashSet<(string, string, string)>();
        foreach (string place in placeOf.Values.Distinct())
        {
            // Only what was asked for is kept: a run has many lists that the log knows nothing of.
            foreach (Array[] part in ListFiles.Find(settings.Input, predictions.Fetched(place).File(place), Setting)
                .Stream(new ListColumn(Setting, "user_id"), new ListColumn(Setting, "item_id")))
            {
                for (int row = 0; row < part[0].Length; row++)
                {
                    (string, string, string) key = (place, $"{part[0].GetValue(row)}", $"{part[1].GetValue(row)}");
                    if (asked.Contains(key)) there.Add(key);
                }
            }
        }

        return ShownMeasure.Of(shown, item => there.Contains((placeOf[item.List], item.User, item.Item)), settings.Evaluate);
    }
}
