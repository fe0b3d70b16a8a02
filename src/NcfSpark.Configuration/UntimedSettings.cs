using NcfSpark.Core;
using NcfSpark.Scoring;

namespace NcfSpark.Configuration;

/// <summary>Settings that mean nothing where the input has no times (Input:TimestampColumn is ""), which they are refused for by name.</summary>
public static class UntimedSettings
{
    /// <exception cref="InvalidInputException">There are no times, and one of the sections asks for them. The message
    /// names each such setting with its cure.</exception>
    public static void Refuse(IReadOnlyCollection<string> sections, NcfSparkConfiguration configuration)
    {
        string[] refused = Faults(sections, configuration);
        if (refused.Length > 0)
        {
            throw new InvalidInputException("There are no times (Input:TimestampColumn is \"\"), "
                + $"and these settings need them:\n  {string.Join("\n  ", refused)}\nOr name the column of times in Input:TimestampColumn.");
        }
    }

    /// <summary>Each setting of the sections that asks for times where there are none, with its cure.</summary>
    public static string[] Faults(IReadOnlyCollection<string> sections, NcfSparkConfiguration configuration)
    {
        if (configuration.Input.TimestampColumn.Length > 0) return [];
        (string Setting, bool Needs, string Cure)[] settings =
        [
            ("Prepare:Split", configuration.Prepare.AsksForTime,
                "goes by time: set it to \"latest\", which then goes by a hash, and leave TestFrom, TestDays and ValidationDays out"),
            ("Model:User", configuration.Model.NeedsTimes,
                $"is \"{SettingText.Of(configuration.Model.User)}\", a user's latest items: set it to \"embedding\", and Train:Loss to \"logistic\""),
            ("Train:RecencyScale", configuration.Train.RecencyScale > 0, "weighs late interactions more: set it to 0"),
            ("Score:Since", configuration.Score.Since.Length > 0, "asks when users were there: set it to \"\""),
            ("Score:NotOlderThan", configuration.Score.NotOlderThan.Length > 0 && configuration.Score.ItemDate != ItemDate.Column,
                $"asks when items were used (Score:ItemDate is \"{configuration.Score.ItemDate}\"): set it to \"\", or ItemDate to \"column\""),
            ("Nightly:MaxAgeDays", configuration.Nightly.MaxAgeDays > 0, "asks how old the latest interaction is: set it to 0"),
        ];
        return
        [
            .. settings.Where(setting => setting.Needs && sections.Contains(setting.Setting.Split(':')[0]))
                .Select(setting => $"{setting.Setting} {setting.Cure}"),
        ];
    }
}
