using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>Splits that somebody else made.</summary>
[Collection(EngineCollection.Name)]
public sealed class GivenSplitTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    private static InputOptions NcfLayout =>
        new() { Delimiter = "\t", Header = false, UserColumn = "1", ItemColumn = "2", RatingColumn = "3", TimestampColumn = "4" };

    [Fact]
    public void ASmallSplitByHand()
    {
        // Item 9 is known from the candidates alone, item 8 from the test alone. (2, 5) stands in both files: the test has it.
        InputOptions input = NcfLayout with
        {
            Path = folder.Write("train.rating", "1\t5\t4\t100\n1\t6\t4\t200\n1\t7\t4\t300\n2\t5\t3\t400\n2\t6\t3\t100\n"),
            TestPath = folder.Write("test.rating.gz", TestFolder.Gzip("1\t8\t5\t50\n2\t5\t5\t60\n")),
            TestCandidatesPath = folder.Write("test.negative.gz", TestFolder.Gzip("(1,8)\t9\n(2,5)\t9\t7\t8\n")),
        };
        StageDirectory prepared = Prepare(
            input, PlainOptions.Prepare with { Split = SplitRule.Given, NegativesPerPositive = 1, Validation = true, Holdout = 1 });
        Rows rows = Rows.Of(prepared);

        Assert.Equal([("6", 0, 2), ("5", 1, 1), ("7", 2, 0), ("8", 3, 0), ("9", 4, 0)], rows.Items);
        Assert.Equal([(0, 3, 50), (1, 1, 60)], rows.Test);
        Assert.Equal([(0, 2, 300)], rows.Validation); // of user 1's three training rows the latest; user 2 has one, which is kept
        Assert.Equal([(0, 0, 200), (0, 1, 100), (1, 0, 100)], rows.Positives.Order());
        Assert.Equal([(0, 3, 4), (1, 1, 2), (1, 1, 3), (1, 1, 4)], rows.Candidates);
        Assert.Equal(1, prepared.Manifest.Rows["duplicates_dropped"]);
        Assert.Equal(7, prepared.Manifest.Rows["input_rows"]);
    }

    [Fact]
    public void TextIdsReachTheCandidates()
    {
        InputOptions input = NcfLayout with
        {
            Path = folder.Write("train.rating", "ann\tx\t4\t100\nbob\ty z\t4\t200\n"),
            TestPath = folder.Write("test.rating", "ann\ty z\t5\t50\n"),
            TestCandidatesPath = folder.Write("test.negative", "(ann,y z)\tw, v\tx\n"),
        };
        Rows rows = Rows.Of(Prepare(input, PlainOptions.Prepare with { Split = SplitRule.Given }));
        Assert.Equal(["w, v", "x", "y z"], rows.Items.Select(item => item.Id).Order(StringComparer.Ordinal));
        Assert.Equal(["w, v", "x"], rows.Candidates.Select(row => rows.Items[row.Item].Id).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public void TheNcfPapersSplitOfMovieLens1M()
    {
        string source = Path.Combine(TestFolder.RepositoryRoot, "..", "shared", "data", "ml-1m-ncf");
        Skip.IfNot(Directory.Exists(source), "Needs MovieLens 1M in ../shared/data/ml-1m-ncf: conf/ml-1m.json says where to get it.");
        InputOptions input = NcfLayout with
        {
            Path = Path.Combine(source, "ml-1m.train.rating.gz"),
            TestPath = Path.Combine(source, "ml-1m.test.rating.gz"),
            TestCandidatesPath = Path.Combine(source, "ml-1m.test.negative.gz"),
        };
        StageDirectory prepared = Prepare(input, PlainOptions.Prepare with { Split = SplitRule.Given, NegativesPerPositive = 0 });
        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        Assert.Equal((6040L, 3706L, 994_169L, 6040L, 0L), (counts["users"], counts["items"], counts["train"], counts["test"], counts["duplicates_dropped"]));
        Assert.Equal(99 * 6040, counts["test_candidates"]);

        // Popularity, counted in training, ranks each held-out item among its 99: HR@10 .45199 where ties count against
        // it, .45348 where the item's id breaks them.
        var data = new PreparedData(prepared);
        int[] popularity = data.ReadItems().Interactions;
        InteractionRows test = data.ReadHeldOut("test");
        InteractionLists candidates = data.ReadTestCandidates(test);
        int HitsWhere(Func<int, int, bool> isAhead) =>
            Enumerable.Range(0, test.Count).Count(row => candidates[row].ToArray().Count(other => isAhead(other, test.Items[row])) < 10);
        Assert.Equal(.45199, HitsWhere((other, item) => popularity[other] >= popularity[item]) / 6040.0, 5);
        Assert.Equal(.45348, HitsWhere((other, item) => other < item) / 6040.0, 5); // the order of indexes is popularity, then id
    }

    public void Dispose() => folder.Dispose();

    private StageDirectory Prepare(InputOptions input, PrepareOptions options) =>
        PreparedRun.Prepare(fixture.Engine, input, options, Path.Combine(folder.Path, "run"), SilentProgress.Instance);
}
