using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Preparation;

namespace NcfSpark.Nightly;

/// <summary>Compares a night's data with the configured limits and with the nights before, so that a broken log is found before training.</summary>
internal static class DataChecks
{
    private const double SecondsADay = 86400;

    /// <summary>Each limit that is exceeded, with the figure and the setting.</summary>
    /// <param name="data">The night's data.</param>
    /// <param name="before">Data of earlier nights that went into production, oldest first.</param>
    /// <param name="asOf">When the night is: now, or the end of its date where that is earlier.</param>
    public static IEnumerable<string> Breaches(NightData data, IReadOnlyList<NightData> before, DateTimeOffset asOf, NightlyOptions limits)
    {
        if (data.Rows < limits.MinRows) yield return $"The log has {data.Rows:N0} rows; Nightly:MinRows asks for {limits.MinRows:N0}.";
        foreach (string change in limits.MaxChange > 0 ? Changes(data, before, limits.MaxChange) : []) yield return change;
        if (limits.MaxAgeDays > 0)
        {
            double days = (asOf.ToUnixTimeSeconds() - data.LastTimestamp) / SecondsADay;
            string latest = $"The latest interaction is of {DateTimeOffset.FromUnixTimeSeconds(data.LastTimestamp).UtcDateTime:yyyy-MM-dd HH:mm} UTC";
            if (days > limits.MaxAgeDays) yield return $"{latest}, {days:0.#} days before; Nightly:MaxAgeDays allows {limits.MaxAgeDays:0.###}.";
            if (days < -1) yield return $"{latest}, {-days:0.#} days after this night. Check the log's clock, or Input:TimestampUnit.";
        }

        if (data.NewUsers > limits.MaxNewIds)
        {
            yield return $"The share {data.NewUsers:0.000} of users is new since the night in production; Nightly:MaxNewIds allows {limits.MaxNewIds:0.###}.";
        }

        if (data.NewItems > limits.MaxNewIds)
        {
            yield return $"The share {data.NewItems:0.000} of items is new since the night in production; Nightly:MaxNewIds allows {limits.MaxNewIds:0.###}.";
        }

        if (data.Duplicates > limits.MaxDuplicates)
        {
            yield return $"The share {data.Duplicates:0.000} of rows repeats an earlier one; Nightly:MaxDuplicates allows {limits.MaxDuplicates:0.###}.";
        }

        if (data.PopularityDrift > limits.MaxDrift)
        {
            yield return $"Popularity has moved by {data.PopularityDrift:0.000} (Jensen-Shannon divergence) since the night in production; "
                + $"Nightly:MaxDrift allows {limits.MaxDrift:0.###}.";
        }
    }

    /// <summary>
    /// Names ids whose type (number or text) differs from that of the night in production, because readers of the predictions would fail on them. Where
    /// Input:IdType names a type, a change is intended and not named.
    /// </summary>
    /// <param name="prepared">The night's data.</param>
    /// <param name="production">That of the night in production.</param>
    /// <param name="idType">Input:IdType.</param>
    public static IEnumerable<string> TypeChanges(StageDirectory prepared, StageDirectory production, IdType idType)
    {
        if (idType != IdType.Auto) yield break;
        foreach ((string table, string id) in new[] { ("users", "user_id"), ("items", "item_id") })
        {
            bool wereNumbers = ParquetColumns.IsWholeNumber(production.File(table), id), areNumbers = ParquetColumns.IsWholeNumber(prepared.File(table), id);
            if (wereNumbers && !areNumbers)
            {
                yield return $"In production {id} is a number; in this log it is text. {prepared.Manifest.Notes.GetValueOrDefault(table)} If such a "
                    + $"row is a fault, mend the log, or set Input:IdType to \"number\" and Input:MaxBadRows to leave a few of them out; if {id} is to "
                    + "become text, set Input:IdType to \"text\".";
            }
            else if (!wereNumbers && areNumbers)
            {
                yield return $"In production {id} is text; in this log every one is a number. Set Input:IdType to \"text\" to keep them texts, or to "
                    + "\"number\" if they are to become numbers.";
            }
        }
    }

    private static IEnumerable<string> Changes(NightData data, IReadOnlyList<NightData> before, double most)
    {
        if (before.Count == 0) yield break;
        (string What, Func<NightData, double> Of)[] figures =
        [
            ("rows", night => night.Rows),
            ("users", night => night.Users),
            ("items", night => night.Items),
            ("interactions a user", night => night.InteractionsPerUser),
        ];
        foreach ((string what, Func<NightData, double> of) in figures)
        {
            (double now, double least, double greatest) = (of(data), before.Min(of), before.Max(of));
            string nights = before.Count == 1 ? "the night before" : $"the {before.Count} nights before";
            if (now < least * (1 - most))
            {
                yield return $"There are {now:#,0.##} {what}, {100 * (1 - now / least):0} % fewer than the least of {nights}, {least:#,0.##}; "
                    + $"Nightly:MaxChange allows {100 * most:0.#} %.";
            }

            if (now > greatest * (1 + most))
            {
                yield return $"There are {now:#,0.##} {what}, {100 * (now / greatest - 1):0} % more than the most of {nights}, {greatest:#,0.##}; "
                    + $"Nightly:MaxChange allows {100 * most:0.#} %.";
            }
        }
    }
}
