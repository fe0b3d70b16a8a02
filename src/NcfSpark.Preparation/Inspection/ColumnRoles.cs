using System.Text.RegularExpressions;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>Which column of a log is what, each with the reason, and what is doubtful about it.</summary>
internal sealed partial class ColumnRoles
{
    public const string ByItsName = "by its name";

    private readonly LogSample sample;
    private readonly Dictionary<ColumnRole, (SampledColumn Column, string Reason)> found = [];
    private readonly List<string> doubts = [];
    private readonly List<SampledColumn> constant = [];

    private ColumnRoles(LogSample sample) => this.sample = sample;

    public IReadOnlyList<string> Doubts => doubts;

    public IEnumerable<SampledColumn> Others => sample.Columns.Where(column => !found.Values.Any(one => one.Column == column));

    /// <summary>The column of a role; null where there is none.</summary>
    public SampledColumn? this[ColumnRole role] => found.TryGetValue(role, out var one) ? one.Column : null;

    public string ReasonOf(ColumnRole role) => found[role].Reason;

    /// <exception cref="InvalidInputException">No two columns could be a user and an item.</exception>
    public static ColumnRoles Of(LogSample sample)
    {
        var roles = new ColumnRoles(sample);
        roles.LeaveOutConstantTimes();
        if (sample.Header) roles.ByName();
        roles.ByContent();
        roles.TellOfPairs();
        return roles;
    }

    // A column of one and the same time tells nothing of what came last.
    private void LeaveOutConstantTimes()
    {
        if (!sample.Header || sample.Rows < 2) return;
        foreach (SampledColumn column in sample.Columns.Where(column => !column.IsFolder && ColumnNames.Rank(column.Name, ColumnRole.Time) is not null))
        {
            if (column.Values.Distinct().Count() > 1) continue;
            constant.Add(column);
            doubts.Add(
                $"Column {ShownText.Of(column.Name)} holds one and the same time ('{ShownText.Of(column.Values[0], 30)}') in the first {sample.Rows:N0} rows, "
                + "so it is taken for no time. If it is one, set Input:TimestampColumn.");
        }
    }

    private void ByName()
    {
        foreach (ColumnRole role in Enum.GetValues<ColumnRole>())
        {
            (SampledColumn Column, int Rank)[] named =
            [
                .. sample.Columns.Where(column => !IsTaken(column) && Fits(column, role))
                    .Select(column => (Column: column, Rank: ColumnNames.Rank(column.Name, role)))
                    .Where(one => one.Rank is not null).Select(one => (one.Column, one.Rank!.Value)).OrderBy(one => one.Value),
            ];
            if (named.Length == 0) continue;
            found[role] = (named[0].Column, ByItsName);
            if (named.Length > 1 && role is ColumnRole.User or ColumnRole.Item)
            {
                string others = string.Join(" and ", named[1..].Select(one => ShownText.Of(one.Column.Name)));
                doubts.Add($"{others} could be the {WordOf(role)} as well as {ShownText.Of(named[0].Column.Name)}. To choose, set {SettingOf(role)}.");
            }
        }
    }

    private void ByContent()
    {
        if (!found.ContainsKey(ColumnRole.Time) && Free.FirstOrDefault(column => ValueShapes.TimesOf(column) is not null) is { } time)
        {
            found[ColumnRole.Time] = (time, $"its values are {TimeForms.Plural(ValueShapes.TimesOf(time)!.Value)}");
        }

        // A rating has few values; so have ids where there are few rows, so two columns must be left for these.
        if (!found.ContainsKey(ColumnRole.Rating) && !sample.Header && Free.Where(ValueShapes.AreRatings).ToArray() is [.., var rating]
            && Free.Count(column => column != rating && ValueShapes.AreIds(column)) >= Missing.Length)
        {
            found[ColumnRole.Rating] = (rating, "it has few values, all numbers up to 10");
        }

        foreach (ColumnRole role in Missing)
        {
            SampledColumn[] ids = [.. Free.Where(column => ValueShapes.AreIds(column))];
            if (ids.Length == 0) throw Unknown(role);
            SampledColumn? known = Array.Find(ids, column => LooksLike(column, role));
            SampledColumn[] possible = [.. ids.Where(column => !LooksLike(column, Other(role)))];
            SampledColumn chosen = known ?? (possible.Length > 0 ? possible[0] : ids[0]);
            found[role] = (chosen, known is not null
                ? $"its values look like {(role == ColumnRole.User ? "Amazon's reviewers" : "Amazon's products")}"
                : "it is the first column left that could hold ids");
            if (known is null)
            {
                doubts.Add($"Nothing but its place says that column {ShownText.Of(chosen.Name)} is the {WordOf(role)}. If it is not, set {SettingOf(role)}.");
            }
        }
    }

    // Yahoo's and others' files have one id twice, as number and as name.
    private void TellOfPairs()
    {
        if (found[ColumnRole.User].Column.Values.SequenceEqual(found[ColumnRole.Item].Column.Values))
        {
            doubts.Add($"User and item are the same in every row ({ShownText.Of(found[ColumnRole.User].Column.Name)} and "
                + $"{ShownText.Of(found[ColumnRole.Item].Column.Name)}): set Input:UserColumn or Input:ItemColumn to another column.");
        }
    }

    private ColumnRole[] Missing => [.. new[] { ColumnRole.User, ColumnRole.Item }.Where(role => !found.ContainsKey(role))];

    private IEnumerable<SampledColumn> Free => sample.Columns.Where(column => !IsTaken(column));

    private bool IsTaken(SampledColumn column) => constant.Contains(column) || found.Values.Any(one => one.Column == column);

    private static bool Fits(SampledColumn column, ColumnRole role) => role switch
    {
        ColumnRole.User or ColumnRole.Item => ValueShapes.AreIds(column, named: true),
        ColumnRole.Time => ValueShapes.TimesOf(column) is not null || column.Values.All(value => value.Length == 0 || ValueShapes.IsNumber(value)),
        ColumnRole.Rating => column.Values.All(value => value.Length == 0 || ValueShapes.IsNumber(value.Replace(',', '.'))),
        _ => column.Values.Distinct().Count() <= 50,
    };

    private static bool LooksLike(SampledColumn column, ColumnRole role) =>
        column.Values.Count(value => (role == ColumnRole.User ? AmazonReviewer() : AmazonProduct()).IsMatch(value)) >= 0.9 * column.Values.Count;

    private static ColumnRole Other(ColumnRole role) => role == ColumnRole.User ? ColumnRole.Item : ColumnRole.User;

    private static string WordOf(ColumnRole role) => role == ColumnRole.User ? "user" : "item";

    private static string SettingOf(ColumnRole role) => role == ColumnRole.User ? "Input:UserColumn" : "Input:ItemColumn";

    private InvalidInputException Unknown(ColumnRole role)
    {
        IEnumerable<string> columns = sample.Columns.Select(
            column => $"{ShownText.Of(column.Name)} ('{ShownText.Of(column.Values.FirstOrDefault(value => value.Length > 0) ?? "", 30)}')");
        string[] named = [.. Free.Where(column => sample.Header && ColumnNames.Rank(column.Name, role) is not null)
            .Select(column => $"Column {ShownText.Of(column.Name)} is named like it, but {ValueShapes.WhyNoIds(column, named: true)}. ")];
        return new InvalidInputException($"No column looks like the {WordOf(role)}'s id. {string.Concat(named)}"
            + $"There {(sample.Columns.Count == 1 ? "is" : "are")} {string.Join(", ", columns)}. "
            + "A log has a user and an item in each row. If it has, name the columns in a configuration: Input:UserColumn and Input:ItemColumn.");
    }

    [GeneratedRegex("^A[0-9A-Z]{9,27}$")]
    private static partial Regex AmazonReviewer();

    [GeneratedRegex(@"^(B[0-9A-Z]{9}|\d{9}[\dX])$")]
    private static partial Regex AmazonProduct();
}
