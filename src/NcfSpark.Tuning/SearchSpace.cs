using System.Collections.Immutable;
using System.Reflection;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Tuning;

/// <summary>
/// Ranges over the settings of a configuration. Each setting of each candidate has its own random stream, so the same seed draws the same candidates in any
/// order of the file, and another range does not change what the others draw. Every second candidate keeps about half of the configuration's own values,
/// because those are seldom all wrong. Where the kind of model is searched as well, kinds take turns, each beginning with its own configuration.
/// </summary>
internal sealed class SearchSpace
{
    private const int Attempts = 1000; // to draw a candidate that is possible and new
    private static readonly ImmutableHashSet<SettingKey> tied =
        [.. new[] { "Train:Epochs", "Train:Patience", "Train:ValidationUsers", "Train:Seed" }.Select(name => SettingKey.Find(name)!)];

    private readonly NcfSparkConfiguration start;
    private readonly IReadOnlyList<ModelKind> kinds;
    private readonly bool isByKind;
    private readonly long seed;
    private readonly List<Candidate> drawn = [];

    private SearchSpace(NcfSparkConfiguration start, IReadOnlyList<ModelKind> kinds, bool isByKind, long seed) =>
        (this.start, this.kinds, this.isByKind, this.seed) = (start, kinds, isByKind, seed);

    /// <summary>The names of the settings that are searched.</summary>
    public IEnumerable<string> Searched => kinds.SelectMany(kind => kind.Ranges).Select(range => range.Key.Name).Distinct();

    /// <summary>The kinds of models that suit the log, each with ranges of its own.</summary>
    public static SearchSpace OfKinds(NcfSparkConfiguration start, long interactions, long seed) => new(start, ModelKind.For(start, interactions), true, seed);

    /// <summary>The kinds that take turns: the first candidates are these as they begin. Empty where the kind is not searched.</summary>
    public IReadOnlyList<string> Kinds => isByKind ? [.. kinds.Select(kind => kind.Name)] : [];

    /// <summary>The most epochs of any candidate.</summary>
    public int MostEpochs => kinds.Select(kind => kind.Begin.Train.Epochs).Append(start.Train.Epochs).Max();

    /// <exception cref="InvalidInputException">The file is missing or wrong; the message has every fault, with its line.</exception>
    public static SearchSpace Read(string path, NcfSparkConfiguration start, long seed)
    {
        var problems = new List<string>();
        var unknownSections = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var ranges = new List<SettingRange>();
        foreach (GivenSetting given in SettingsFile.Read(path, problems))
        {
            string? problem;
            if (SettingKey.Find(given.Key) is not { } key) problem = UnknownSetting.Describe(given.Key, unknownSections);
            else if (WhyNot(key) is { } reason) problem = $"{key} {reason}";
            else if (SettingRange.Read(key, given.Value, out problem) is { } range) ranges.Add(range);
            else problem = $"{key}{problem}";
            if (problem is not null) problems.Add($"{problem} ({given.Origin})");
        }

        if (problems.Count == 0 && ranges.Count == 0) problems.Add($"{path} has no ranges: there is nothing to search.");
        if (problems.Count > 0) throw new InvalidInputException(string.Join('\n', problems));
        return new SearchSpace(start, [new("", start, ranges)], false, seed);
    }

    /// <summary>A candidate by its number, from 0, the configuration itself; null where nothing new is left to draw.</summary>
    /// <exception cref="InvalidInputException">No combination of the ranges is possible.</exception>
    public Candidate? Draw(int number)
    {
        while (drawn.Count <= number)
        {
            if (Next(drawn.Count) is not { } candidate) return null;
            drawn.Add(candidate);
        }

        return drawn[number];
    }

    private Candidate? Next(int number)
    {
        if (number == 0) return Of(0, start);
        ModelKind kind = kinds[(number - 1) % kinds.Count];
        int turn = (number - 1) / kinds.Count + 1;
        string? fault = null;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            NcfSparkConfiguration configuration = kind.Begin with { };
            foreach (SettingRange range in isByKind && turn == 1 && attempt == 0 ? [] : kind.Ranges)
            {
                if (turn % 2 == 0 && RandomStream.Named(seed, $"tune keeps {range.Key}", number).Unit(attempt) < 0.5) continue;
                range.Key.SetIn(configuration, range.Draw(RandomStream.Named(seed, $"tune {range.Key}", number), attempt));
            }

            configuration = configuration with { Train = InWholeGroups(configuration.Model, configuration.Train) };
            (SettingKey? key, string? problem) = ConfigurationCheck.Faults(configuration, ImmutableHashSet<SettingKey>.Empty).FirstOrDefault();
            if (key is not null) fault = $"{key}{problem}";
            else if (UntimedSettings.Faults(["Model", "Train"], configuration) is [var untimed, ..]) fault = $"there are no times, and {untimed}";
            else if (Of(number, configuration) is var candidate && !drawn.Any(other => SameSettings(other, candidate))) return candidate;
        }

        if (drawn.Count == 1 && fault is not null) throw new InvalidInputException($"No combination of these ranges is possible: {fault}.");
        return null;
    }

    // With a history, a batch is of whole groups of a positive and its negatives: the next larger one.
    private static TrainOptions InWholeGroups(ModelOptions model, TrainOptions train)
    {
        int group = train.Negatives == NegativeSource.Stored ? 1 : train.NegativesPerPositive + 1;
        return model.HasHistory ? train with { BatchSize = (train.BatchSize + group - 1) / group * group } : train;
    }

    private Candidate Of(int number, NcfSparkConfiguration configuration)
    {
        SettingKey batchSize = SettingKey.Find("Train:BatchSize")!;
        IEnumerable<SettingKey> shown = isByKind
            ? SettingKey.Of("Model").Concat(SettingKey.Of("Train")).Except(tied)
                .Where(key => SettingValue.Show(key.ValueIn(configuration)) != SettingValue.Show(key.ValueIn(start)))
            : kinds[0].Ranges.Select(range => range.Key);
        if (!isByKind && configuration.Train.BatchSize != start.Train.BatchSize) shown = shown.Append(batchSize).Distinct();
        return new Candidate(number, configuration, shown.ToDictionary(key => key.Name, key => SettingValue.Show(key.ValueIn(configuration))))
        {
            MostEpochs = isByKind ? configuration.Train.Epochs : null,
        };
    }

    private static bool SameSettings(Candidate one, Candidate other) =>
        one.Settings.Count == other.Settings.Count && one.Settings.All(setting => other.Settings.GetValueOrDefault(setting.Key) == setting.Value);

    private static string? WhyNot(SettingKey key) =>
        key.Section.Name is not ("Model" or "Train")
            ? "cannot be searched: only settings of Model and Train can, since the rows to validate on must stay the same"
        : key.Property.GetCustomAttribute<ExcludeFromFingerprintAttribute>() is not null ? "changes no result, so there is nothing to search"
        : !tied.Contains(key) ? null
        : key.Property.Name == "Epochs" ? "is not drawn: the search finds it. The configuration's own is the most that is tried"
        : "is the search's own affair";
}

/// <summary>Settings that a search tries.</summary>
/// <param name="Number">0: the configuration itself; others in the order in which they are drawn.</param>
/// <param name="Configuration">All of its settings.</param>
/// <param name="Settings">Those that are searched, by name, as one would write them in a configuration file; including those that were corrected.</param>
public sealed record Candidate(int Number, NcfSparkConfiguration Configuration, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>
    /// Whether more epochs continue the same training. With a learning rate that falls to 0 over all epochs, another number of epochs starts again.
    /// </summary>
    public bool GoesOn => Configuration.Train.LearningRateSchedule == LearningRateSchedule.Constant;

    /// <summary>The most epochs that it is trained; null where that is the same for all.</summary>
    public int? MostEpochs { get; init; }

    /// <summary>The kind of its model.</summary>
    public string Kind => ModelKind.NameOf(Configuration.Model);
}
