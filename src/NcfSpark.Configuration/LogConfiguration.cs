using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Preparation;

namespace NcfSpark.Configuration;

/// <summary>The configuration of a log of which nothing is known but where it is.</summary>
/// <param name="Seen">What was seen and chosen, line by line: for people.</param>
/// <param name="Text">The configuration file.</param>
public sealed record LogConfiguration(IReadOnlyList<string> Seen, string Text)
{
    /// <exception cref="InvalidInputException">The log is not there, cannot be read, or holds nothing that could be a log.</exception>
    public static LogConfiguration For(string path, ISqlEngine engine, IProgressReporter progress)
    {
        InspectedLog log = LogInspector.Inspect(path, engine, progress);
        IReadOnlyList<ChosenSetting> chosen = SettingsForLog.For(log.Figures);
        string[] seen =
        [
            .. log.Seen,
            .. chosen.Select(setting => $"chosen   {setting.Name} {SettingValue.Show(setting.Value)}: {setting.Reason}."),
            .. log.Doubts.Select(doubt => $"unsure   {doubt}"),
        ];
        NcfSparkConfiguration standard = new(), read = standard with { Input = log.Input };
        IEnumerable<ChosenSetting> input = SettingKey.Of(nameof(standard.Input))
            .Where(key => SettingValue.Show(key.ValueIn(read)) != SettingValue.Show(key.ValueIn(standard)))
            .Select(key => new ChosenSetting(key.Name, key.ValueIn(read), ""));
        string[] remarks = [$"Made by looking at {path}. Change what is wrong; `./submit.sh settings` explains every setting.", .. seen];
        return new LogConfiguration(seen, ConfigurationText.Of(remarks, [.. input, .. chosen]));
    }
}
