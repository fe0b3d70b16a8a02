using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>What to do about bad rows: a limit where they are few; where they are most, what the column looks like and which setting reads it.</summary>
internal sealed class BadRowsCure(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, TimeReading times,
    RowKinds kinds, long bad, long rows)
{
    private readonly InputColumns columns = sources[0].Columns;

    /// <param name="countForms">Counts what all times look like; asked only where times are at fault.</param>
    /// <param name="events">What is known of the types of events; null without Input:EventColumn.</param>
    public string Text(Func<TimeFormCounts> countForms, string? events)
    {
        List<string> sentences = [.. OfTimes(countForms),
            .. OfNumbers(columns => columns.Rating, RowProblem.RatingIsNoNumber, "Input:RatingColumn, or set it to \"\""),
            .. OfNumbers(columns => columns.Weight, RowProblem.WeightIsNoNumber, "Input:WeightColumn, or set it to \"\""), .. OfIds(), .. OfLines()];
        (string it, bool someAreUsable) = (bad == 1 ? "it" : "them", kinds.Of(RowProblem.None) > 0);
        if (someAreUsable && bad * 2 <= rows)
        {
            sentences.Add($"Mend {it}, or set Input:MaxBadRows to {bad} to go on without {it} (kept aside in bad_rows.csv).");
        }
        else if (someAreUsable && sentences.Count == 0)
        {
            sentences.Add("These are most of the rows, so it is not single rows that are wrong: check what wrote the file, and the settings of section Input.");
        }
        else if (!someAreUsable)
        {
            if (bad > 0 && sentences.Count == 0) sentences.Add($"Mend the bad {(bad == 1 ? "row" : "rows")}: check what wrote the file.");
            sentences.AddRange(OfRowsLeftOut(events));
        }

        return string.Join(' ', sentences);
    }

    private IEnumerable<string> OfRowsLeftOut(string? events)
    {
        if (Of(RowProblem.BelowMinRating) > 0) yield return "Set a lower Input:MinRating, or another Input:RatingColumn.";
        if (Of(RowProblem.OtherEvent) > 0) yield return $"{events} Name others in Input:EventWeights.";
    }

    private long Of(params ReadOnlySpan<RowProblem> problems) => kinds.Of(problems);

    private bool AreMost(long count) => count * 2 > rows;

    private IEnumerable<string> OfTimes(Func<TimeFormCounts> countForms)
    {
        long wrong = Of(RowProblem.TimestampIsNoNumber, RowProblem.TimestampIsNegative, RowProblem.TimestampIsTooLate, RowProblem.TimestampIsOfAnotherForm);
        if (columns.Timestamp is not { } column) yield break;
        if (AreMost(Of(RowProblem.NoTimestamp)))
        {
            yield return $"Most rows have no {column.Name}: name another column in Input:TimestampColumn, "
                + "or set it to \"\" to choose what is held out by a hash.";
        }

        if (wrong == 0) yield break;
        TimeFormCounts counts = countForms();
        TimeForm[] seen = [.. TimeForms.Units.Select(unit => unit.Form).Append(TimeForm.Order).Where(form => counts[form] > 0)];
        if (seen.Length > 1 || (seen.Length == 1 && seen[0] != times.Form))
        {
            yield return $"Column {column.Name} is read as {TimeForms.Plural(times.Form)}, but: {counts}.";
            if (seen.Length == 1 && seen[0] != TimeForm.Order) yield return $"Set Input:TimestampUnit to \"{TimeForms.UnitOf(seen[0])}\".";
            else if (times is { Recognised: true, Form: TimeForm.Seconds } && counts[TimeForm.Order] > 0 && counts.ClearBut(TimeForm.Seconds) == 0)
            {
                yield return "If the small numbers are seconds, too, from 1970 to 1980, set Input:TimestampUnit to \"seconds\". "
                    + "If they say that there is no time, name them in Input:NullValues.";
            }
            else yield return "Write all in one way.";
        }
        else if (OtherDecimals(columns => columns.Timestamp!, wrong) is { } cure) yield return cure;
        else if (AreMost(wrong))
        {
            yield return $"Column {column.Name} holds no times that are known ({counts}): write them as 2014-04-06T18:42:17Z or as seconds since 1970, "
                + "or name another column in Input:TimestampColumn; \"\" chooses what is held out by a hash.";
        }
    }

    private IEnumerable<string> OfNumbers(Func<InputColumns, InputColumn?> of, RowProblem problem, string cure)
    {
        if (of(columns) is not { Kind: SqlColumnKind.Text } column || Of(problem) == 0) yield break;
        if (OtherDecimals(columns => of(columns)!, Of(problem)) is { } otherDecimals) yield return otherDecimals;
        else if (AreMost(Of(problem))) yield return $"Most rows have no number in {column.Name}: name another column in {cure} to count every row.";
    }

    // Where most of the values that are no number have decimals after the other mark.
    private string? OtherDecimals(Func<InputColumns, InputColumn> of, long wrong)
    {
        (char here, char other) = input.DecimalSeparator == "." ? ('.', ',') : (',', '.');
        string union = string.Join(" UNION ALL ", sources.Select(source => $"SELECT {engine.Dialect.Trimmed(of(source.Columns).Sql)} AS value "
            + $"FROM {source.View}{(source.Csv is null ? "" : " WHERE ncf_fits")}"));
        if (of(columns).Kind != SqlColumnKind.Text) return null;
        IReadOnlyList<object?> found = engine.Query(
            $"SELECT count(*), min(value) FROM ({union}) WHERE {engine.Dialect.Matches("value", $"[+-]?[0-9]+[{other}][0-9]+")}")[0];
        return (long)found[0]! * 2 <= wrong ? null : $"Column {of(columns).Name} has decimals after \"{other}\", such as '{ShownText.Of((string)found[1]!)}', "
            + $"and Input:DecimalSeparator is \"{here}\": set it to \"{other}\".";
    }

    private IEnumerable<string> OfIds()
    {
        foreach ((InputColumn column, string setting, RowProblem none, RowProblem text, RowProblem notWhole) in new[]
        {
            (columns.User, "Input:UserColumn", RowProblem.NoUser, RowProblem.UserIsText, RowProblem.UserIsNotWhole),
            (columns.Item, "Input:ItemColumn", RowProblem.NoItem, RowProblem.ItemIsText, RowProblem.ItemIsNotWhole),
        })
        {
            if (AreMost(Of(none)))
            {
                yield return $"Most rows have no {column.Name}: name another column in {setting}. "
                    + "What says that there is no value is listed in Input:NullValues.";
            }

            if (Of(text) > 0)
            {
                yield return $"{Of(text):N0} rows have a {column.Name} that is no plain whole number, "
                    + $"and Input:IdType is \"number\"{(AreMost(Of(text)) ? ": set it to \"auto\" or \"text\"" : "")}.";
            }

            if (AreMost(Of(notWhole)))
            {
                yield return $"Column {column.Name} holds fractions, which are no ids: name another column in {setting}, or write it as text.";
            }
        }

        if (Of(RowProblem.UserIsBeyond64Bits, RowProblem.ItemIsBeyond64Bits) > 0)
        {
            yield return "Ids that are whole numbers must lie within 64 bits (-9223372036854775808 to 9223372036854775807); to keep longer ones as they are, "
                + "set Input:IdType to \"text\".";
        }
    }

    private IEnumerable<string> OfLines()
    {
        if (AreMost(kinds.NotUtf8))
        {
            yield return "Most lines are not valid UTF-8: save the file as UTF-8; a file in Latin-1 is converted by: iconv -f latin1 -t utf-8.";
        }
        else if (AreMost(kinds.BadlyQuoted))
        {
            yield return "Quotes do not match in most lines: if they are letters like others in this file, set Input:Quote to \"\".";
        }
        else if (AreMost(kinds.OtherLines) && sources[0].IsJson)
        {
            yield return "Most lines are no JSON objects that can be used: write an object on each line, or set Input:Format if the file is no JSON.";
        }
        else if (AreMost(kinds.OtherLines))
        {
            string shown = ShownText.Of(input.Delimiter);
            yield return $"Most lines do not have the {sources[0].Csv?.Columns} columns of line 1: "
                + $"check Input:Delimiter (\"{shown}\"), whether line 1 belongs to the table, and whether fields that hold a \"{shown}\" are quoted.";
        }
    }
}
