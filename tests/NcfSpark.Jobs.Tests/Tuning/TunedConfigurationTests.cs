using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Tests.Tuning;

public sealed class TunedConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> ConfFiles => ConfFilesTests.ConfFiles;

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void TheTextSaysWhatIsAskedAndKeepsEveryComment(string file)
    {
        string path = Repository.File($"conf/{file}");
        NcfSparkConfiguration wanted = Changed(ConfigurationLoader.Load(path, [], new Hashtable()));
        string text = TunedConfiguration.Text(path, wanted, ["found"]);
        AssertSays(wanted, text);
        Assert.StartsWith("// found\n", text, StringComparison.Ordinal);
        Assert.Equal(Comments(File.ReadAllText(path)), Comments(text)[1..]);
    }

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void WithoutAChangeTheTextIsTheFiles(string file)
    {
        string path = Repository.File($"conf/{file}");
        Assert.Equal(File.ReadAllText(path), TunedConfiguration.Text(path, ConfigurationLoader.Load(path, [], new Hashtable()), []));
    }

    [Fact]
    public void SettingsAndSectionsThatTheFileDoesNotHaveAreAdded()
    {
        string path = folder.Write("small.json", """
            {
              "Input": { "Path": "log.csv" }, // the log
              "Model": { "MlpLayers": [8] },
              "Evaluate": { "CutOffs": [10] }
            }
            """);
        NcfSparkConfiguration wanted = Changed(ConfigurationLoader.Load(path, [], new Hashtable()));
        string text = TunedConfiguration.Text(path, wanted, []);
        AssertSays(wanted, text);
        Assert.Contains("// the log", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCameFromTheCommandLineIsWrittenDown()
    {
        string path = Repository.File("conf/ml-latest-small.json");
        NcfSparkConfiguration given = ConfigurationLoader.Load(path, ["Input:Path=else\"where.csv", "Train:Epochs=7"], new Hashtable());
        AssertSays(given, TunedConfiguration.Text(path, given, []));
    }

    private static NcfSparkConfiguration Changed(NcfSparkConfiguration read) => read with
    {
        Model = read.Model with
        {
            Kind = NetworkKind.Neumf,
            User = UserEncoderKind.Embedding,
            Item = ItemEncoderKind.Embedding,
            MlpLayers = [5, 4],
            Dropout = [],
            EmbeddingInit = 1e-5,
        },
        Train = read.Train with
        {
            Epochs = 77,
            Embeddings = read.Train.Embeddings with { Regularization = 0.0123 },
            Negatives = NegativeSource.Uniform,
            NegativesPerPositive = 3,
            Patience = 0,
        },
    };

    private void AssertSays(NcfSparkConfiguration wanted, string text)
    {
        NcfSparkConfiguration read = ConfigurationLoader.Load(folder.Write("best.json", text), [], new Hashtable());
        foreach (SettingKey key in SettingKey.All) Assert.Equal(SettingValue.Show(key.ValueIn(wanted)), SettingValue.Show(key.ValueIn(read)));
    }

    private static string[] Comments(string text) =>
        [.. text.Split('\n').Where(line => line.Contains("//", StringComparison.Ordinal)).Select(line => line[line.IndexOf("//", StringComparison.Ordinal)..])];
}
