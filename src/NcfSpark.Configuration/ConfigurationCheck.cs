using System.ComponentModel.DataAnnotations;
using System.Reflection;
using NcfSpark.Core;
using NcfSpark.Preparation;
using NcfSpark.Training;

namespace NcfSpark.Configuration;

/// <summary>Checks values: one by one, within a section, and across sections.</summary>
public static class ConfigurationCheck
{
    /// <summary>
    /// What is wrong, each to be read straight after the setting's name. Checks that need a setting in <paramref name="broken"/>, which
    /// has no usable value, are left out.
    /// </summary>
    public static IEnumerable<(SettingKey Key, string Problem)> Faults(NcfSparkConfiguration configuration, IReadOnlySet<SettingKey> broken)
    {
        var found = new HashSet<SettingKey>(broken);
        foreach (SettingKey key in SettingKey.All.Where(key => !broken.Contains(key)))
        {
            if (SettingRules.Fault(key, key.ValueIn(configuration)) is not { } problem) continue;
            found.Add(key);
            yield return (key, $": {problem}");
        }

        foreach ((SettingKey[] keys, string problem) in WithinSections(configuration).Concat(AcrossSections(configuration)))
        {
            if (!keys.Any(found.Contains)) yield return (keys[0], $" {problem}");
        }
    }

    private static IEnumerable<(SettingKey[] Keys, string Problem)> WithinSections(NcfSparkConfiguration configuration)
    {
        foreach (PropertyInfo section in SettingKey.All.Select(key => key.Section).Distinct())
        {
            if (section.GetValue(configuration) is not IValidatableObject checkable) continue;
            foreach (ValidationResult result in checkable.Validate(new ValidationContext(checkable)))
            {
                yield return ([.. result.MemberNames.Select(name => SettingKey.Find($"{section.Name}:{name}")!)], result.ErrorMessage!);
            }
        }
    }

    private static IEnumerable<(SettingKey[] Keys, string Problem)> AcrossSections(NcfSparkConfiguration configuration)
    {
        (var input, var prepare, var train, var evaluate) = (configuration.Input, configuration.Prepare, configuration.Train, configuration.Evaluate);
        if (train.Patience > 0 && !prepare.Validation)
        {
            yield return (Keys("Train:Patience", "Prepare:Validation"),
                $"is {train.Patience}, but nothing is held out to validate on: set Prepare:Validation to true, or Patience to 0");
        }

        if (train.Negatives == NegativeSource.Stored && prepare.NegativesPerPositive == 0)
        {
            yield return (
                Keys("Train:Negatives", "Prepare:NegativesPerPositive"),
                "is \"stored\", but Prepare:NegativesPerPositive is 0, so none are: store some (5 in the AWS sample), or set it to \"resampled\"");
        }

        if (configuration.Model.HasItemFeatures)
        {
            if (!input.ItemFeatures.IsSet)
            {
                yield return (Keys("Model:Item", "Input:ItemFeatures:Path"),
                    "is \"features\", but Input:ItemFeatures:Path is not set: name the table of items there, or set Item to \"embedding\"");
            }

            if (!train.HasPlainRows)
            {
                yield return (Keys("Model:Item", "Train:Embeddings:Optimizer", "Train:Embeddings:WeightDecay"),
                    "is \"features\", which plain descent trains: set Train:Embeddings:Optimizer to \"sgd\" and Train:Embeddings:WeightDecay to 0, or Item to "
                    + "\"embedding\"");
            }
        }

        if (configuration.Model.HasAttention)
        {
            foreach ((string setting, string problem) in AgainstAttention(input, train)) yield return (Keys(setting, "Model:User"), problem);
        }

        if (configuration.Model.HasInteractions)
        {
            foreach ((string setting, string problem) in AgainstInteractions(train)) yield return (Keys(setting, "Model:User"), problem);
        }

        if (configuration.Model is { HasAttention: true, Attention.NeighbourStart: true } && (train.Workers > 1 || train.Placement != Placement.Threads))
        {
            yield return (Keys("Model:Attention:NeighbourStart", "Train:Workers", "Train:Placement"),
                "is true, but one process must see all training rows before the first step: set it to false, or Train:Workers to 1 with threads");
        }

        if (configuration.Score.At.Length > 0 && !configuration.Model.HasMoment)
        {
            yield return (Keys("Score:At", "Model:User", "Model:Attention:Told"),
                "tells the model a moment, which only Model:User \"attention\" with Model:Attention:Told above 0 looks at: leave it empty");
        }

        if (prepare.Split != SplitRule.Given && prepare.TestCandidates > 0 && evaluate.NegativesPerPositive > prepare.TestCandidates)
        {
            yield return (
                Keys("Evaluate:NegativesPerPositive", "Prepare:TestCandidates", "Prepare:Split"),
                $"is {evaluate.NegativesPerPositive}, but only {prepare.TestCandidates} candidates are drawn for each test row: "
                + "raise Prepare:TestCandidates, or lower it");
        }

        if (prepare.Split == SplitRule.Given && input.TestPath.Length == 0)
        {
            yield return (Keys("Input:TestPath", "Prepare:Split"),
                "is not set, but Prepare:Split is \"given\": name the file of held-out interactions, or set Split to \"latest\" or \"time\"");
        }
    }

    // What attention is never trained by.
    private static IEnumerable<(string Setting, string Problem)> AgainstAttention(InputOptions input, TrainOptions train)
    {
        const string But = "but Model:User \"attention\"";
        if (train.Loss != LossKind.Softmax)
        {
            yield return ("Train:Loss", $"is \"{SettingText.Of(train.Loss)}\", {But} compares a user's next item with many others at once: "
                + "set it to \"softmax\"");
        }

        if (train.Negatives is not (NegativeSource.Resampled or NegativeSource.Uniform))
        {
            yield return ("Train:Negatives", $"is \"{SettingText.Of(train.Negatives)}\", {But} draws a step's negatives among all items alike: "
                + "set it to \"resampled\", which leaves out what a user has used, or to \"uniform\"");
        }

        if (train.RecencyScale > 0)
        {
            yield return ("Train:RecencyScale", $"is {train.RecencyScale}, {But} predicts each item from those before it, all with one weight: set it to 0");
        }

        if (input.IsWeighted)
        {
            string setting = input.WeightColumn.Length > 0 ? "WeightColumn" : input.EventWeights.Count > 0 ? "EventWeights" : "Repeats";
            yield return ($"Input:{setting}", $"gives interactions weights, {But} predicts each item from those before it, all with one weight: "
                + "leave it out, or give all events one weight above 0");
        }
    }

    // What interactions are never trained by.
    private static IEnumerable<(string Setting, string Problem)> AgainstInteractions(TrainOptions train)
    {
        const string But = "but Model:User \"interactions\"";
        if (train.Loss != LossKind.Logistic)
        {
            yield return ("Train:Loss", $"is \"{SettingText.Of(train.Loss)}\", {But} is trained by the cross entropy of each sample: set it to \"logistic\"");
        }

        if (train.Regularization > 0)
        {
            yield return ("Train:Regularization", $"is {train.Regularization}, {But} has no rows of one sample to shrink: set it to 0, and perhaps "
                + "Train:WeightDecay");
        }

        if (train.Workers > 1) yield return ("Train:Workers", $"is {train.Workers}, {But} encodes an item from all its users: set it to 1");
        if (train.Placement != Placement.Threads)
        {
            yield return ("Train:Placement", $"is \"{SettingText.Of(train.Placement)}\", {But} is trained in this process: set it to \"threads\"");
        }
    }

    private static SettingKey[] Keys(params string[] names) => [.. names.Select(name => SettingKey.Find(name)!)];
}
