using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Tests.Tuning;

public sealed class SearchSpaceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> ConfFiles => ConfFilesTests.ConfFiles;

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(ConfFiles))]
    public void EveryConfigurationNamesASearchThatDrawsPossibleCandidatesFromIt(string file)
    {
        NcfSparkConfiguration start = ConfigurationLoader.Load(Repository.File($"conf/{file}"), [], new Hashtable());
        var space = SearchSpace.Read(Repository.File(start.Tune.Search), start, seed: 1);
        for (int number = 1; number <= 20; number++) Assert.NotNull(space.Draw(number));
    }

    [Fact]
    public void TheConfigurationItselfIsTheFirstCandidate() => Assert.Same(Start, Space("""{ "Train": { "LearningRate": [0.5] } }""").Draw(0)!.Configuration);

    [Fact]
    public void TheSameSeedDrawsTheSameCandidatesInAnyOrderOfTheFileAndOfTheAsking()
    {
        SearchSpace one = Space(
            """{ "Train": { "LearningRate": { "From": 0.001, "To": 0.1, "Scale": "log" }, "BatchSize": [128, 256] }, "Model": { "EmbeddingSize": [8, 16, 32] } }""");
        SearchSpace other = Space(
            """{ "Model": { "EmbeddingSize": [8, 16, 32] }, "Train": { "BatchSize": [128, 256], "LearningRate": { "From": 0.001, "To": 0.1, "Scale": "log" } } }""");
        other.Draw(20);
        for (int number = 0; number <= 20; number++) Assert.Equal(Sorted(one.Draw(number)!), Sorted(other.Draw(number)!));
    }

    [Fact]
    public void ARangeMoreLeavesWhatTheOthersDrawAsItWas()
    {
        SearchSpace one = Space("""{ "Train": { "LearningRate": { "From": 0.001, "To": 0.1 } } }""");
        SearchSpace more = Space("""{ "Train": { "LearningRate": { "From": 0.001, "To": 0.1 }, "BatchSize": { "From": 100, "To": 200 } } }""");
        for (int number = 1; number <= 20; number += 2)
        {
            Assert.Equal(one.Draw(number)!.Configuration.Train.LearningRate, more.Draw(number)!.Configuration.Train.LearningRate);
        }
    }

    [Fact]
    public void WhatIsDrawnLiesWithinAndSpreadsOverTheRange()
    {
        SearchSpace space = Space(
            """{ "Train": { "LearningRate": { "From": 0.0001, "To": 0.1, "Scale": "log" }, "NegativesPerPositive": { "From": 3, "To": 6 } } }""");
        Candidate[] drawn = [.. Enumerable.Range(0, 150).Select(i => space.Draw(2 * i + 1)!)]; // the odd ones are drawn whole
        Assert.All(drawn, candidate => Assert.InRange(candidate.Configuration.Train.LearningRate, 0.0001, 0.1));
        Assert.InRange(drawn.Count(candidate => candidate.Configuration.Train.LearningRate < 0.00316), 50, 100); // half of a logarithm
        Assert.Equal([3, 4, 5, 6], drawn.Select(candidate => candidate.Configuration.Train.NegativesPerPositive).Distinct().Order());
    }

    [Fact]
    public void NoCandidateIsDrawnTwiceAndASmallSpaceEnds()
    {
        SearchSpace space = Space("""{ "Model": { "EmbeddingSize": [8, 16], "EmbeddingInit": [0.01, 0.1] } }""");
        Candidate[] drawn = [.. Enumerable.Range(0, 10).Select(space.Draw).OfType<Candidate>()];
        Assert.InRange(drawn.Length, 5, 6); // the configuration itself has EmbeddingSize 32, which those may keep that keep some of its values
        Assert.Equal(drawn.Length, drawn.Select(Sorted).Distinct().Count());
    }

    [Fact]
    public void WithAHistoryABatchIsTakenUpToWholeGroups()
    {
        SearchSpace space = Space(
            """{ "Model": { "Kind": ["mf"], "User": ["history"], "EmbeddingActivation": ["none"] }, "Train": { "Negatives": ["resampled"], "NegativesPerPositive": [4, 8] } }""");
        NcfSparkConfiguration drawn = space.Draw(1)!.Configuration;
        Assert.Equal(0, drawn.Train.BatchSize % (drawn.Train.NegativesPerPositive + 1));
        Assert.InRange(drawn.Train.BatchSize, 256, 264);
        Assert.Equal($"{drawn.Train.BatchSize}", space.Draw(1)!.Settings["Train:BatchSize"]); // shown, though it is not searched
    }

    [Fact]
    public void WhatIsImpossibleTogetherIsNotDrawn()
    {
        SearchSpace space = Space(
            """{ "Model": { "Kind": ["mf", "mlp"], "User": ["embedding", "history"], "EmbeddingActivation": ["none"] }, "Train": { "Negatives": ["resampled"], "LearningRate": { "From": 0.001, "To": 0.1 } } }""");
        for (int number = 1; number <= 30; number++)
        {
            ModelOptions drawn = space.Draw(number)!.Configuration.Model;
            Assert.False(drawn is { Kind: NetworkKind.Mlp, User: UserEncoderKind.History });
        }

        var fault = Assert.Throws<InvalidInputException>(() => Space("""{ "Model": { "Kind": ["mlp"], "User": ["history"] } }""").Draw(1));
        Assert.Contains("No combination of these ranges is possible: Model:User is \"history\"", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutTimesNothingIsDrawnThatNeedsThem()
    {
        NcfSparkConfiguration untimed = Start with { Input = Start.Input with { TimestampColumn = "" } };
        SearchSpace Untimed(string text) => SearchSpace.Read(folder.Write("search.json", text), untimed, seed: 7);
        SearchSpace space = Untimed(
            """{ "Model": { "Kind": ["mf"], "User": ["embedding", "history"], "EmbeddingActivation": ["none"] }, "Train": { "LearningRate": { "From": 0.001, "To": 0.1 }, "Negatives": ["resampled"] } }""");
        for (int number = 1; number <= 20; number++) Assert.Equal(UserEncoderKind.Embedding, space.Draw(number)!.Configuration.Model.User);
        var fault = Assert.Throws<InvalidInputException>(() => Untimed("""{ "Train": { "RecencyScale": [10, 20] } }""").Draw(1));
        Assert.Contains("is possible: there are no times, and Train:RecencyScale weighs late interactions more", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Train": { "LearningRat": [0.1] } }""", "did you mean Train:LearningRate?")]
    [InlineData("""{ "Train": { "LearningRate": 0.1 } }""", "Train:LearningRate: 0.1 is no range. Write a list of values, such as [0.1], or {")]
    [InlineData("""{ "Train": { "LearningRate": [] } }""", "Train:LearningRate has no choices")]
    [InlineData("""{ "Train": { "LearningRate": [0.1, 11] } }""", "Train:LearningRate: 11 is not between 1E-09 and 10")]
    [InlineData("""{ "Train": { "LearningRate": { "From": 0.1 } } }""", "Train:LearningRate lacks From or To")]
    [InlineData("""{ "Train": { "LearningRate": { "From": 0.1, "To": 0.1 } } }""", "From must be below To")]
    [InlineData("""{ "Train": { "Regularization": { "From": 0, "To": 1, "Scale": "log" } } }""", "which has no logarithm")]
    [InlineData("""{ "Train": { "LearningRate": { "From": 0.1, "To": 1, "Scale": "cubic" } } }""", "can have \"linear\" or \"log\"")]
    [InlineData("""{ "Train": { "LearningRate": { "From": 0.1, "Too": 1 } } }""", "has Too; a range has From, To and")]
    [InlineData("""{ "Model": { "Kind": { "From": 1, "To": 2 } } }""", "give a list of its values")]
    [InlineData("""{ "Model": { "Kind": ["neumff"] } }""", "did you mean \"neumf\"?")]
    [InlineData("""{ "Model": { "MlpLayers": [64, 32] } }""", "Model:MlpLayers: 64 is no list of whole numbers")]
    [InlineData("""{ "Prepare": { "Holdout": [1, 2] } }""", "Prepare:Holdout cannot be searched: only settings of Model and Train can")]
    [InlineData("""{ "Train": { "Threads": [1, 2] } }""", "Train:Threads changes no result")]
    [InlineData("""{ "Train": { "Epochs": [1, 2] } }""", "Train:Epochs is not drawn: the search finds it")]
    [InlineData("{ }", "has no ranges")]
    public void AWrongSearchFileSaysWhatAndWhere(string text, string message)
    {
        var fault = Assert.Throws<InvalidInputException>(() => Space(text));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.Contains("search.json", fault.Message, StringComparison.Ordinal);
        if (text.Length > 5) Assert.Contains("search.json, line 1)", fault.Message, StringComparison.Ordinal);
    }

    private static NcfSparkConfiguration Start { get; } = ConfigurationLoader.Load(Repository.File("conf/ml-latest-small.json"), [], new Hashtable());

    private static string Sorted(Candidate candidate) =>
        string.Join(' ', candidate.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => $"{setting.Key}={setting.Value}"));

    private SearchSpace Space(string text) => SearchSpace.Read(folder.Write("search.json", text), Start, seed: 7);
}
