using System.Collections;
using System.Text.Json;
using NcfSpark.Jobs.Configuration;

namespace NcfSpark.Jobs.Tests;

public sealed class ConfFilesTests
{
    public static TheoryData<string> ConfFiles => [.. Directory.GetFiles(Repository.File("conf"), "*.json").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void EveryConfigurationIsRight(string file) => ConfigurationLoader.Load(Repository.File($"conf/{file}"), [], new Hashtable());

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void EveryConfigurationSetsEachSettingAtMostOnceAndInTheRecordsOrder(string file)
    {
        var problems = new List<string>();
        string[] set = [.. SettingsFile.Read(Repository.File($"conf/{file}"), problems).Select(setting => setting.Key)];
        Assert.Empty(problems);
        Assert.Equal(SettingKey.All.Select(key => key.Name).Intersect(set), set);
    }

    [Fact]
    public void TheSampleHasTheSamplesValues()
    {
        NcfSparkConfiguration sample = ConfigurationLoader.Load(Repository.File("conf/ml-latest-small.json"), [], new Hashtable());
        Assert.Equal((10, 5, false), (sample.Prepare.Holdout, sample.Prepare.NegativesPerPositive, sample.Prepare.Validation));
        Assert.Equal(("neumf", 32, 32, "relu"), (sample.Model.Kind, sample.Model.EmbeddingSize, sample.Model.MlpEmbeddingSize, sample.Model.EmbeddingActivation));
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
