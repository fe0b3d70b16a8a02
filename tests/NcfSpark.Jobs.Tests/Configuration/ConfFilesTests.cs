using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Jobs.Tests;

public sealed class ConfFilesTests
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> ConfFiles => [.. Directory.GetFiles(Repository.File("conf"), "*.json").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void EveryConfigurationIsRight(string file) => ConfigurationLoader.Load(Repository.File($"conf/{file}"), [], new Hashtable());

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void EveryConfigurationSetsEachSettingAtMostOnce(string file)
    {
        var problems = new List<string>();
        SettingsFile.Read(Repository.File($"conf/{file}"), problems);
        Assert.Empty(problems);
    }

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void AConfigurationIsShortAndSaysOnlyWhatDiffersFromTheDefaults(string file)
    {
        Assert.InRange(File.ReadLines(Repository.File($"conf/{file}")).Count(), 5, 30);
        NcfSparkConfiguration defaults = new(), resolved = ConfigurationLoader.Load(Repository.File($"conf/{file}"), [], new Hashtable());
        foreach (GivenSetting given in SettingsFile.Read(Repository.File($"conf/{file}"), []))
        {
            SettingKey key = SettingKey.Find(given.Key)!;
            string value = SettingValue.Show(key.ValueIn(resolved));
            Assert.True(SettingValue.Show(key.ValueIn(defaults)) != value, $"{key} is {value} by default.");
        }
    }

    /// <summary>Figures were published for these configurations: a default that changes must not change them unnoticed.</summary>
    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void WhatShapesAConfigurationsResultIsAsRecorded(string file)
    {
        NcfSparkConfiguration resolved = ConfigurationLoader.Load(Repository.File($"conf/{file}"), [], new Hashtable());
        string[] recorded = [.. File.ReadLines(Repository.File("tests/NcfSpark.Jobs.Tests/configurations.txt"))
            .Where(line => line.StartsWith($"{file} ", StringComparison.Ordinal))];
        string[] now = [Line("Prepare", resolved.Prepare), Line("Model", resolved.Model), Line("Train", resolved.Train)];
        Assert.Equal(recorded, now);

        string Line(string section, object options) => $"{file} {section} {SettingsJson.ResultShaping(options).ToJsonString(Json)}";
    }

    [Fact]
    public void TheSampleHasTheSamplesValues()
    {
        NcfSparkConfiguration sample = ConfigurationLoader.Load(Repository.File("conf/ml-latest-small.json"), [], new Hashtable());
        Assert.Equal((10, 5, false), (sample.Prepare.Holdout, sample.Prepare.NegativesPerPositive, sample.Prepare.Validation));
        Assert.Equal((NetworkKind.Neumf, 32, 32, Activation.Relu),
            (sample.Model.Kind, sample.Model.EmbeddingSize, sample.Model.MlpEmbeddingSize, sample.Model.EmbeddingActivation));
        Assert.Equal([64, 32, 16, 8], sample.Model.MlpLayers);
        Assert.Equal([0.25, 0.25, 0.25], sample.Model.Dropout);
        Assert.Equal((1e-3, 256, 3, 0.5), (sample.Train.LearningRate, sample.Train.BatchSize, sample.Train.Epochs, sample.Evaluate.Threshold));
    }

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void WhatIsResolvedIsWhatStandsInTheFile(string file)
    {
        NcfSparkConfiguration resolved = ConfigurationLoader.Load(Repository.File($"conf/{file}"), [], new Hashtable());
        foreach (GivenSetting given in SettingsFile.Read(Repository.File($"conf/{file}"), []))
        {
            JsonElement value = JsonSerializer.SerializeToElement(SettingKey.Find(given.Key)!.ValueIn(resolved));
            Assert.True(JsonElement.DeepEquals(given.Value, value), $"{given.Key}: {given.Value} became {value}");
        }
    }
}
