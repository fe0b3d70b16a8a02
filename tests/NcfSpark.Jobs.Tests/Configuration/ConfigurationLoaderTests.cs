using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;

namespace NcfSpark.Jobs.Tests;

public sealed class ConfigurationLoaderTests : IDisposable
{
    private const string Minimal = """{ "Input": { "Path": "log.csv" }, "Model": { "MlpLayers": [64, 32, 16, 8] }, "Train": { "Loss": "logistic" } }""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheFileWinsOverDefaultsTheEnvironmentOverTheFileAndSetOverAll()
    {
        string file = """{ "Input": { "Path": "log.csv" }, "Train": { "Epochs": 2, "BatchSize": 2, "Seed": 2 } }""";
        NcfSparkConfiguration loaded = Load(file, ["Train:Seed=4", "Train:Seed=5"], ("NCFSPARK_Train__BatchSize", "3"), ("NCFSPARK_Train__Seed", "3"));
        Assert.Equal((2, 3, 5, 1e-3), (loaded.Train.Epochs, loaded.Train.BatchSize, loaded.Train.Seed, loaded.Train.LearningRate));
    }

    [Theory]
    [InlineData("6GB")]
    [InlineData("1.5 TB")]
    [InlineData("")]
    public void AnAmountOfMemoryIsTakenAsItStands(string amount) =>
        Assert.Equal(amount, Load(Minimal, [$"Prepare:MemoryLimit={amount}"]).Prepare.MemoryLimit);

    [Theory]
    [InlineData("[16,8]")]
    [InlineData("16,8")]
    [InlineData(" 16, 8 ")]
    public void AListReplacesTheFilesList(string given)
    {
        Assert.Equal([16, 8], Load(Minimal, [$"Model:MlpLayers={given}"]).Model.MlpLayers);
        Assert.Equal([16, 8], Load(Minimal, [], ("NCFSPARK_Model__MlpLayers", given)).Model.MlpLayers);
    }

    [Theory]
    [InlineData("view=1,add to cart=2.5")]
    [InlineData("""{ "view": 1, "add to cart": 2.5 }""")]
    public void WeightsAreGivenAsAnObjectOrInShort(string given)
    {
        KeyValuePair<string, double>[] weights = [new("add to cart", 2.5), new("view", 1)];
        Assert.Equal(weights, Load(Minimal, ["Input:EventColumn=event", $"Input:EventWeights={given}"]).Input.EventWeights);
        Assert.Equal(weights, Load(Minimal, ["Input:EventColumn=event"], ("NCFSPARK_Input__EventWeights", given)).Input.EventWeights);
        Assert.Equal(weights,
            Load("""{ "Input": { "Path": "x", "EventColumn": "event", "EventWeights": { "view": 1, "add to cart": 2.5 } } }""", []).Input.EventWeights);
    }

    [Theory]
    [InlineData("NA,None", "NA", "None")]
    [InlineData("""["NA", "a,b"]""", "NA", "a,b")]
    [InlineData("")]
    public void AListOfTextsNeedsNoQuotes(string given, params string[] texts) =>
        Assert.Equal(texts, Load(Minimal, [$"Input:NullValues={given}"]).Input.NullValues);

    [Fact]
    public void SetsListReplacesTheEnvironmentsLongerOne() =>
        Assert.Equal([4], Load(Minimal, ["Model:MlpLayers=[4]"], ("NCFSPARK_Model__MlpLayers", "[3,2,1]")).Model.MlpLayers);

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    public void AnEmptyListEmptiesTheFilesList(string given)
    {
        string file = Minimal.Replace("\"Model\": {", "\"Model\": { \"Dropout\": [0.5],", StringComparison.Ordinal);
        Assert.Equal([0.5], Load(file).Model.Dropout);
        Assert.Empty(Load(file, [$"Model:Dropout={given}"]).Model.Dropout);
        Assert.Empty(Load(file, [], ("NCFSPARK_Model__Dropout", given)).Model.Dropout);
    }

    [Fact]
    public void AnEnumerationIsWrittenInLowerCase()
    {
        NcfSparkConfiguration loaded = Load(
            Minimal, ["Train:Server:WirePrecision=fp16", "Prepare:NegativesAvoid=touched"], ("NCFSPARK_Train__Placement", "processes"));
        Assert.Equal((WirePrecision.Fp16, AvoidedItems.Touched, Placement.Processes),
            (loaded.Train.Server.WirePrecision, loaded.Prepare.NegativesAvoid, loaded.Train.Placement));
        Assert.Contains("\"WirePrecision\":\"fp16\"", SettingsJson.All(loaded.Train).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AGroupOfSettingsIsAnObjectWithinItsSection()
    {
        string file = """{ "Input": { "Path": "log.csv" }, "train": { "Server": { "Address": "10.0.0.5:70", "roundsPerEpoch": 3 }, "Epochs": 2 } }""";
        TrainOptions train = Load(file, ["Train:Server:WorkerAttempts=7"], ("NCFSPARK_Train__Server__OuterMomentum", "0.5")).Train;
        Assert.Equal(("10.0.0.5:70", 3, 7, 0.5, 2),
            (train.Server.Address, train.Server.RoundsPerEpoch, train.Server.WorkerAttempts, train.Server.OuterMomentum, train.Epochs));
        Assert.Equal(new ServerOptions().RegistrationSeconds, train.Server.RegistrationSeconds);
    }

    [Fact]
    public void ASettingOfOneConfigurationIsNotThatOfACopy()
    {
        NcfSparkConfiguration one = Load(Minimal), other = one with { };
        foreach (SettingKey key in new[] { "Train:Server:OuterMomentum", "Model:UserMlp:Dropout" }.Select(name => SettingKey.Find(name)!))
        {
            key.SetIn(other, 0.125);
        }

        Assert.Equal((0.125, 0.125), (other.Train.Server.OuterMomentum, other.Model.UserMlp.Dropout));
        Assert.Equal((0.8, 0.3), (one.Train.Server.OuterMomentum, one.Model.UserMlp.Dropout));
    }

    [Fact]
    public void NullLeavesASettingOpen()
    {
        Assert.Equal(Optimizer.Sgd, Load(Minimal).Train.Embeddings.Optimizer);
        Assert.Null(
            Load(Minimal.Replace("\"Loss\"", "\"Embeddings\": { \"Optimizer\": null }, \"Loss\"", StringComparison.Ordinal)).Train.Embeddings.Optimizer);
        Assert.Null(Load(Minimal, ["Train:Embeddings:LearningRate=null"]).Train.Embeddings.LearningRate);
        Assert.Null(Load(Minimal, [], ("NCFSPARK_Train__Embeddings__Regularization", "null")).Train.Embeddings.Regularization);
        Assert.Contains("\"Optimizer\":null", SettingsJson.ResultShaping(new TrainOptions { Embeddings = new() }).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void KeysMayBeInAnyCase()
    {
        NcfSparkConfiguration loaded = Load(
            Minimal.Replace("MlpLayers", "mlplayers", StringComparison.Ordinal), ["TRAIN:epochs=7"], ("ncfspark_train__SEED", "8"));
        Assert.Equal((7, 8, 4), (loaded.Train.Epochs, loaded.Train.Seed, loaded.Model.MlpLayers.Length));
    }

    [Fact]
    public void TextInQuotesHasEscapes()
    {
        Assert.Equal("\t", Load(Minimal, ["""Input:Delimiter="\t" """]).Input.Delimiter);
        Assert.Equal("::", Load(Minimal, ["Input:Delimiter=::"]).Input.Delimiter);
        Assert.Equal("\"", Load(Minimal, ["Input:Delimiter=\"", "Input:Quote="]).Input.Delimiter);
        Assert.Equal("", Load(Minimal, ["Input:TitlesPath="]).Input.TitlesPath);
        Assert.Equal("a=b", Load(Minimal, ["Input:TitlesPath=a=b"]).Input.TitlesPath);
    }

    [Fact]
    public void ASeparatorHasEscapesWithoutQuotesTooAndAPathHasNone()
    {
        Assert.Equal("\t", Load(Minimal, [@"Input:Delimiter=\t"]).Input.Delimiter);
        Assert.Equal("\x01", Load(Minimal, [], ("NCFSPARK_Input__Delimiter", @"\x01")).Input.Delimiter);
        Assert.Equal(@"C:\temp", Load(Minimal, [@"Input:TitlesPath=C:\temp"]).Input.TitlesPath);
        Assert.Contains(@"Input:Delimiter: ""\\q"" holds \q, which is no escape",
            Assert.Throws<InvalidInputException>(() => Load(Minimal, [@"Input:Delimiter=\q"])).Message, StringComparison.Ordinal);
        Assert.Contains("Input:Delimiter holds a line break",
            Assert.Throws<InvalidInputException>(() => Load(Minimal, [@"Input:Delimiter=\n"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AColumnsNumberMayBeANumber() =>
        Assert.Equal("2", Load(Minimal.Replace("\"Path\"", "\"UserColumn\": 2, \"Path\"", StringComparison.Ordinal)).Input.UserColumn);

    [Fact]
    public void CommentsTrailingCommasAndAByteOrderMarkAreWelcome() => Load($"\uFEFF// a comment\n{Minimal[..^1]}, /* and another */ }} // at the end");

    [Fact]
    public void OtherVariablesOfTheEnvironmentAreLeftAlone() => Load(Minimal, [], ("NCFSPARK_HOME", "x"), ("PATH", "y"), ("TRAIN__EPOCHS", "z"));

    [Theory]
    [InlineData("Train:Epoch=3", "Train:Epoch is no setting; did you mean Train:Epochs? (--set)")]
    [InlineData("Train:LernRate=3", "Train:LernRate is no setting; did you mean Train:LearningRate? (--set)")]
    [InlineData("Train:TopK=3", "Train:TopK is no setting; did you mean Score:TopK? (--set)")]
    [InlineData("Nightly:Fast=3", "Nightly:Fast is no setting; Nightly has ")]
    [InlineData("Trian:Epochs=3", "Trian is no section; did you mean Train? (--set)")]
    [InlineData("Epochs=3", "Epochs is no section; did you mean Train:Epochs? (--set)")]
    [InlineData("Train.Epochs=3", "Train.Epochs is no section; did you mean Train:Epochs? (--set)")]
    [InlineData("Weather:Rain=3", "Weather is no section; there are Input, Prepare, Model, Train, Import, Evaluate, ")]
    [InlineData("Train=3", "Train is a section: it holds settings")]
    [InlineData("Train:Server=3", "Train:Server is a group of settings, such as Train:Server:Address, and is no setting itself (--set)")]
    [InlineData("Train:Server:Adress=3", "Train:Server:Adress is no setting; did you mean Train:Server:Address? (--set)")]
    [InlineData("Train:OuterMomentum=0.5", "Train:OuterMomentum is no setting; did you mean Train:Server:OuterMomentum? (--set)")]
    [InlineData("Train:GmfLearningRate=0.1", "Train:GmfLearningRate is called Train:Embeddings:LearningRate now (--set)")]
    [InlineData("Model:UserMlpRhythm=true", "Model:UserMlpRhythm is called Model:UserMlp:TemporalFeatures now (--set)")]
    [InlineData("Train:Embeddings:Optimizer=same", "Train:Embeddings:Optimizer: \"same\" is not \"adam\" or \"sgd\" or \"null\" (--set)")]
    [InlineData("Train:Embeddings:LearningRate=0", "Train:Embeddings:LearningRate: 0 is not between 1E-09 and 10 or null (--set)")]
    [InlineData("Train:Epochs=null", "Train:Epochs: \"null\" is no whole number (--set)")]
    [InlineData("Train:Epochs:0=3", "Train:Epochs:0 is no setting; ")]
    [InlineData("Train:Epochs", "--set Train:Epochs has no \"=\"")]
    [InlineData("Train:Epochs=five", "Train:Epochs: \"five\" is no whole number (--set)")]
    [InlineData("Train:Epochs=1.5", "Train:Epochs: \"1.5\" is no whole number (--set)")]
    [InlineData("Train:Epochs=", "Train:Epochs: \"\" is no whole number (--set)")]
    [InlineData("Train:Epochs=99999999999", "Train:Epochs: \"99999999999\" is too large (--set)")]
    [InlineData("Train:LearningRate=NaN", "Train:LearningRate: \"NaN\" is no number (--set)")]
    [InlineData("Train:LearningRate=1,5", "Train:LearningRate: \"1,5\" is no number (--set)")]
    [InlineData("Score:ExcludeSeen=maybe", "Score:ExcludeSeen: \"maybe\" is neither true nor false (--set)")]
    [InlineData("Model:MlpLayers=16,x", "Model:MlpLayers: \"16,x\" is no list of whole numbers (--set)")]
    [InlineData("Model:Dropout=[0.1,", "Model:Dropout: \"[0.1,\" is no list of numbers (--set)")]
    [InlineData("Input:EventWeights=view", "Input:EventWeights: \"view\" is no object of names and numbers, or list such as view=1,purchase=10 (--set)")]
    [InlineData("Input:EventWeights=view=1,view=2", "Input:EventWeights: \"view=1,view=2\" is no object")]
    [InlineData("Input:EventWeights=view=1", "Input:EventWeights needs an EventColumn (--set)")]
    [InlineData("Train:BatchSize=0", "Train:BatchSize: 0 is not between 1 and 1000000 (--set)")]
    [InlineData("Train:Seed=-1", "Train:Seed: -1 is not at least 0 (--set)")]
    [InlineData("Train:Negatives=Stored", "Train:Negatives: \"Stored\" is not \"stored\" or \"resampled\" or \"uniform\" or \"popularity\" or "
        + "\"popularity-untouched\"; did you mean \"stored\"? (--set)")]
    [InlineData("Train:Placement=process",
        "Train:Placement: \"process\" is not \"threads\" or \"processes\" or \"spark\"; did you mean \"processes\"? (--set)")]
    [InlineData("Train:Server:WirePrecision=16", "Train:Server:WirePrecision: \"16\" is not \"fp32\" or \"fp16\"")]
    [InlineData("Train:Where=spark", "Train:Where is called Train:Placement now (--set)")]
    [InlineData("train:outerstep=average", "train:outerstep is called Train:Server:OuterOptimizer now (--set)")]
    [InlineData("Spark:PreparedPath=s3a://b/x", "Spark:PreparedPath is gone, leave it out: executors read prepared/ where the run is, in a bucket")]
    [InlineData("Model:Kind=neufm", "Model:Kind: \"neufm\" is not \"mf\" or \"gmf\" or \"mlp\" or \"neumf\" or \"cosine\"; did you mean \"neumf\"? (--set)")]
    [InlineData("Prepare:MemoryLimit=6XB", "Prepare:MemoryLimit: \"6XB\" is no amount of memory such as \"6GB\" (--set)")]
    [InlineData("Input:Path=", "Input:Path is not set: ")]
    [InlineData("Model:Dropout=[1.5]", "Model:Dropout has a rate that is not between 0 and below 1 (--set)")]
    [InlineData("Train:Patience=3", "Train:Patience is 3, but nothing is held out to validate on: ")]
    [InlineData("Train:Negatives=stored", "Train:Negatives is \"stored\", but Prepare:NegativesPerPositive is 0")]
    [InlineData("Prepare:TestCandidates=3", "Evaluate:NegativesPerPositive is 5, but only 3 candidates are drawn")]
    [InlineData("Prepare:Split=given", "Input:TestPath is not set, but Prepare:Split is \"given\"")]
    public void AFaultIsTheOnlyOneToldAndSaysWhatAndWhere(string assignment, string message)
    {
        string told = Refused(Minimal, [assignment]);
        Assert.StartsWith(message, told, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
    }

    [Theory]
    [InlineData("Prepare:TestFrom is \"soon\", which is no time: give a date", "Prepare:TestFrom=soon")]
    [InlineData("Prepare:TestDays is for Prepare:Split \"time\", but Split is \"latest\"", "Prepare:TestDays=2", "Prepare:Split=latest")]
    [InlineData("Prepare:TestFrom is set, and so is Prepare:TestDays", "Prepare:TestFrom=2026-11-23", "Prepare:TestDays=2")]
    [InlineData("Prepare:TestDays: 0 is not between 0.001 and 100000 or null", "Prepare:TestDays=0")]
    [InlineData("Prepare:ValidationDays is set, but Prepare:Validation is false", "Prepare:ValidationDays=2")]
    public void ASplitByTimeThatCannotBeIsRefused(string message, params string[] assignments) =>
        Assert.StartsWith(message, Refused(Minimal, ["Prepare:Split=time", .. assignments]), StringComparison.Ordinal);

    [Theory]
    [InlineData("Train:Loss is \"logistic\", but Model:User \"attention\" compares", "Train:Loss=logistic")]
    [InlineData("Train:Negatives is \"popularity-untouched\", but Model:User \"attention\" draws", "Train:Negatives=popularity-untouched")]
    [InlineData("Train:RecencyScale is 10, but Model:User \"attention\" predicts", "Train:RecencyScale=10")]
    [InlineData("Model:User is \"attention\", which goes with Kind \"mf\" and EmbeddingActivation \"none\"", "Model:Kind=gmf")]
    [InlineData("Model:EmbeddingSize is 40, but with Model:User \"attention\" it is a multiple of 32, 16 for each of Model:Attention:Heads: set it to 64",
        "Model:EmbeddingSize=40")]
    [InlineData("Model:Attention:NeighbourStart is true, but one process must see all training rows", "Model:Attention:NeighbourStart=true", "Train:Workers=2")]
    [InlineData("Score:At tells the model a moment, which only", "Score:At=2026-11-24", "Model:Attention:Told=0")]
    [InlineData("Score:At is \"soon\", which is no time", "Score:At=soon")]
    public void WhatDoesNotGoWithAttentionIsRefused(string message, params string[] assignments)
    {
        string told = Refused(Minimal, ["Model:User=attention", "Train:Loss=softmax", .. assignments]);
        Assert.StartsWith(message, told, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
    }

    [Theory]
    [InlineData("NCFSPARK_Train__Epoch", "Train:Epoch is no setting; did you mean Train:Epochs? (environment variable NCFSPARK_Train__Epoch)")]
    [InlineData("NCFSPARK_Train__Epochs", "Train:Epochs: \"x\" is no whole number (environment variable NCFSPARK_Train__Epochs)")]
    [InlineData("NCFSPARK_Trian__Epochs", "Trian is no section; did you mean Train? (environment variable NCFSPARK_Trian__Epochs)")]
    [InlineData("NCFSPARK_Train_Epochs", "Train_Epochs is no section; did you mean Train:Epochs? (environment variable NCFSPARK_Train_Epochs; two underscores")]
    public void AFaultInTheEnvironmentNamesItsVariable(string variable, string message) =>
        Assert.StartsWith(message, Refused(Minimal, [], (variable, "x")), StringComparison.Ordinal);

    [Fact]
    public void AllFaultsAreToldAtOnceALineEach()
    {
        string file = """
            {
              "Input": { "Path": "log.csv" },
              "Model": { "Kind": "mf", "Kind": "mf" },
              "Train": { "Epoch": 3,
                         "BatchSize": 0, "Epochs": "five", "Seed": null },
              "Prepare": { "Shards": [1], "Validation": {} },
              "Evaluate": { "CutOffs": [] }
            }
            """;
        string told = Refused(file, ["Train:Threads=-1"], ("NCFSPARK_Score__TopKK", "1"));
        string[] lines = told.Split('\n');
        string path = Path.Combine(folder.Path, "mine.json");
        Assert.StartsWith(path, lines[0], StringComparison.Ordinal);
        Assert.Equal(lines.Length - 1, lines.Distinct().Count() - 1);
        string[] expected =
        [
            $"  Model:Kind is there twice ({path}, lines 3 and 3). Leave one.",
            $"  Train:Epoch is no setting; did you mean Train:Epochs? ({path}, line 4)",
            "  Score:TopKK is no setting; did you mean Score:TopK? (environment variable NCFSPARK_Score__TopKK)",
            $"  Train:Epochs: \"five\" is no whole number ({path}, line 5)",
            $"  Train:Seed: null is no whole number ({path}, line 5)",
            $"  Prepare:Shards: [1] is no whole number ({path}, line 6)",
            $"  Prepare:Validation: {{}} is neither true nor false ({path}, line 6)",
            $"  Train:BatchSize: 0 is not between 1 and 1000000 ({path}, line 5)",
            "  Train:Threads: -1 is not between 0 and 1024 (--set)",
            $"  Evaluate:CutOffs must name at least one cut-off, each between 1 and 100000, such as [10] ({path}, line 7)",
        ];
        Assert.Equal(expected, lines[1..]);
    }

    [Fact]
    public void ASettingWithoutAUsableValueHasNoFollowOnFaults()
    {
        string told = Refused(Minimal, ["Train:Patience=3", "Prepare:Validation=maybe"]);
        Assert.Equal("Prepare:Validation: \"maybe\" is neither true nor false (--set)", told);
    }

    private NcfSparkConfiguration Load(string file, string[]? assignments = null, params (string Name, string Value)[] environment) =>
        ConfigurationLoader.Load(folder.Write("mine.json", file), assignments ?? [], environment.ToDictionary(pair => pair.Name, pair => pair.Value));

    private string Refused(string file, string[] assignments, params (string Name, string Value)[] environment) =>
        Assert.Throws<InvalidInputException>(() => Load(file, assignments, environment)).Message;
}
