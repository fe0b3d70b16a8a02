using NcfSpark.Evaluation;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>Nights in words and numbers for people.</summary>
public static class NightWords
{
    /// <summary>An outcome, for a table.</summary>
    public static string Outcome(string outcome) => outcome switch
    {
        NightOutcome.Production => "went into production",
        NightOutcome.Abandoned => "killed",
        _ => outcome,
    };

    /// <summary>Whether a night went into production, and the same in words that stay true; null where its end is not recorded.</summary>
    public static (bool? WentIntoProduction, string State) State(RunHistory history, string night)
    {
        if (history.FirstInProduction(night) is { } first) return (true, $"Went into production on {first.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC");
        return history.Of(night)?.Outcome switch
        {
            null => (null, "Measured by hand"),
            NightOutcome.Refused => (false, "Refused by the gate"),
            { } outcome => (false, $"Did not go into production: {Outcome(outcome)}"),
        };
    }

    /// <summary>What happened last, and what is in production now, in a sentence.</summary>
    public static string Sentence(RunHistory history, string? production)
    {
        if (history.Records is not [.., { } last]) return "There were no nights yet";
        string stays = production is null ? "nothing is in production" : $"{production} stays in production";
        return last.Event switch
        {
            NightEvent.Promotion => $"{last.Night} was put into production by hand",
            NightEvent.PassedOver when last.Night == production => $"{last.Night} is in production, and the last run found nothing new to do",
            NightEvent.PassedOver => $"The last run found nothing new to do: {last.Night} was in production before; {production ?? "nothing"} is there now",
            NightEvent.Rollback => $"{last.Night} was put into production again by hand",
            _ => last.Outcome switch
            {
                NightOutcome.Production when last.Night == production => $"{last.Night} went into production",
                NightOutcome.Production => $"{last.Night} went into production; {production ?? "nothing"} is there now",
                NightOutcome.Refused => $"{last.Night} was refused; {stays}",
                NightOutcome.Stopped => $"{last.Night} was stopped by its data; {stays}",
                NightOutcome.Abandoned => $"{last.Night} was killed; {stays}",
                _ => $"{last.Night} {last.Outcome}; {stays}",
            },
        };
    }

    /// <summary>Since when the night in production has been there, without a break; null where the history does not tell.</summary>
    public static DateTimeOffset? ProductionSince(RunHistory history, string production) =>
        history.Records.Reverse().TakeWhile(record => record.Production == production).LastOrDefault()?.Ended;

    /// <summary>Seconds of all stages together; null where none is known.</summary>
    public static double? Seconds(NightRecord record) => record.Seconds.Count == 0 ? null : record.Seconds.Values.Sum();

    public static string Duration(double seconds) => seconds switch
    {
        >= 5400 => $"{seconds / 3600:0.0} h",
        >= 90 => $"{seconds / 60:0.0} min",
        >= 10 => $"{seconds:0} s",
        _ => $"{seconds:0.0} s",
    };

    /// <summary>"0.1043 (0.098–0.111)" of a metric; "" where it was not measured.</summary>
    public static string Value(string metric, MetricInterval? value)
    {
        var name = new MetricName(metric);
        return value is null ? "" : value.Low is null ? name.Format(value.Value) : $"{name.Format(value.Value)} ({name.FormatInterval(value)})";
    }

    /// <summary>"+0.0012 (−0.0020 to +0.0041)" of a difference; "" where it was not measured.</summary>
    public static string Difference(string metric, MetricInterval? value)
    {
        var name = new MetricName(metric);
        if (value is null) return "";
        return value.Low is null ? name.FormatDifference(value.Value) : $"{name.FormatDifference(value.Value)} ({name.FormatDifferenceInterval(value)})";
    }
}
