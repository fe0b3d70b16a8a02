namespace NcfSpark.Preparation;

/// <summary>How many rows of an input have which fault, and how many are left out on purpose.</summary>
/// <param name="source">Names the columns.</param>
/// <param name="tallies">Rows by their problem.</param>
/// <param name="rejected">Lines that the engine could not split into columns, by its reason.</param>
internal sealed class RowKinds(
    InputOptions input, InputSource source, IReadOnlyDictionary<RowProblem, Tally> tallies, IReadOnlyDictionary<string, long> rejected)
{
    /// <summary>Rows with one of these problems.</summary>
    public long Of(params ReadOnlySpan<RowProblem> problems)
    {
        long sum = 0;
        foreach (RowProblem problem in problems) sum += tallies.GetValueOrDefault(problem)?.Rows ?? 0;
        return sum;
    }

    /// <summary>Lines that are not valid UTF-8.</summary>
    public long NotUtf8 => Rejected("utf-8");

    /// <summary>Lines with a quote that does not end, or ends within its field.</summary>
    public long BadlyQuoted => Rejected("unterminated quote") + Rejected("a quoted field");

    /// <summary>Other lines that are no lines of the table, mostly for the number of their columns.</summary>
    public long OtherLines => rejected.Values.Sum() - NotUtf8 - BadlyQuoted;

    /// <summary>"3 without a user_id, 2 whose timestamp is no time".</summary>
    public override string ToString()
    {
        InputColumns columns = source.Columns;
        (long Rows, string What)[] kinds =
        [
            (Of(RowProblem.NoUser), $"without a {columns.User.Name}"),
            (Of(RowProblem.NoItem), $"without a {columns.Item.Name}"),
            (Of(RowProblem.NoTimestamp), $"without a {columns.Timestamp?.Name}"),
            (Of(RowProblem.TimestampIsNoNumber, RowProblem.TimestampIsNegative, RowProblem.TimestampIsTooLate, RowProblem.TimestampIsOfAnotherForm),
                $"whose {columns.Timestamp?.Name} is no time"),
            (Of(RowProblem.RatingIsNoNumber), $"whose {columns.Rating?.Name} is no number"),
            (Of(RowProblem.WeightIsNoNumber), $"whose {columns.Weight?.Name} is no number"),
            (Of(RowProblem.UserIsNotWhole, RowProblem.UserIsText, RowProblem.UserIsBeyond64Bits, RowProblem.UserHasNoLetter),
                $"whose {columns.User.Name} cannot be an id"),
            (Of(RowProblem.ItemIsNotWhole, RowProblem.ItemIsText, RowProblem.ItemIsBeyond64Bits, RowProblem.ItemHasNoLetter),
                $"whose {columns.Item.Name} cannot be an id"),
            (NotUtf8, "that cannot be read as UTF-8"),
            (BadlyQuoted, "in which quotes do not match"),
            (OtherLines, source.IsJson ? "without a JSON object" : "with another number of columns"),
            (Of(RowProblem.BelowMinRating), $"rated below {input.MinRating}"),
            (Of(RowProblem.OtherEvent), $"of an event that Input:EventWeights does not name ({string.Join(", ", input.EventWeights.Keys.Select(Shown))})"),
        ];
        return string.Join(", ", kinds.Where(kind => kind.Rows > 0).Select(kind => $"{kind.Rows:N0} {kind.What}"));
    }

    private static string Shown(string text) => Core.ShownText.Of(text);

    private long Rejected(string word) =>
        rejected.Where(pair => pair.Key.Contains(word, StringComparison.OrdinalIgnoreCase)).Sum(pair => pair.Value);
}
