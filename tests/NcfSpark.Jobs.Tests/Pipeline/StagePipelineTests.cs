using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Pipeline;
using NcfSpark.Training;

namespace NcfSpark.Jobs.Tests.Pipeline;

/// <summary>The laws that the pipeline holds for every stage, shown by stages that write one small file.</summary>
public sealed class StagePipelineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly Lines said = new();

    public void Dispose()
    {
        folder.Dispose();
        output.Dispose();
    }

    [Fact]
    public void AStageThatIsMadeTwiceIsOpenedTheSecondTime()
    {
        (Toy first, Toy second) = (new("prepared"), new("prepared"));
        StageDirectory made = Pipeline().Make(first), opened = Pipeline().Make(second);
        Assert.Equal((1, 0), (first.Runs, second.Runs));
        Assert.Equal((made.ManifestSha256, first.Fingerprint), (opened.ManifestSha256, second.Fingerprint));
        Assert.Contains("prepared: lines 1 (was there already) → ", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ByHandAStageIsMadeEvenWhereItIsThere()
    {
        Pipeline().Make(new Toy("prepared"));
        var again = new Toy("prepared");
        StagePipeline.ByHand(Job()).Make(again);
        Assert.Equal(1, again.Runs);
    }

    [Fact]
    public void EachThingThatShapesTheResultCountsAndWhatDoesNotDoesNot()
    {
        StageDirectory one = Pipeline().Make(new Toy("prepared")), other = Pipeline("other").Make(new Toy("prepared", text: "other"));
        var toy = new Toy("model", one) { Train = new TrainOptions { Seed = 1 } };
        Assert.Equal(toy.Fingerprint, new Toy("model", one) { Train = new TrainOptions { Seed = 1, Threads = 7 } }.Fingerprint);
        string[] others =
        [
            new Toy("model", one) { Train = new TrainOptions { Seed = 2 } }.Fingerprint,
            new Toy("model", other).Fingerprint,
            new Toy("model", one, "other").Fingerprint,
            new Toy("refit", one).Fingerprint,
        ];
        Assert.Equal(5, others.Append(toy.Fingerprint).Distinct().Count());
    }

    [Fact]
    public void AnotherOptionMakesItAgainAndTheManifestSaysByWhat()
    {
        Pipeline().Make(new Toy("prepared") { Train = new TrainOptions { Epochs = 7 } });
        var toy = new Toy("prepared") { Train = new TrainOptions { Epochs = 8 } };
        StageManifest manifest = Pipeline().Make(toy).Manifest;
        Assert.Equal((1, 8, toy.Fingerprint), (toy.Runs, manifest.Configuration["Train"]["Epochs"]!.GetValue<int>(), manifest.Fingerprint));
        Assert.Equal(["Train"], manifest.Configuration.Keys); // other values count for the fingerprint only
        Assert.Equal((1L, "a note"), (manifest.Rows["lines"], manifest.Notes["said"]));
    }

    [Fact]
    public void AStageThatFailsLeavesWhatWasThere()
    {
        StageDirectory before = Pipeline().Make(new Toy("prepared"));
        Assert.Throws<InvalidDataException>(() => Pipeline().Make(new Toy("prepared", text: "new") { Fails = true }));
        Assert.Equal(before.ManifestSha256, StageDirectory.Open(folder.Path, "prepared").ManifestSha256);
        Assert.Equal([before.Path], Directory.GetDirectories(folder.Path));
    }

    [Fact]
    public void AHalfWrittenResultIsNotThere()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "prepared.tmp-killed"));
        Assert.Null(Pipeline().Find(new Toy("prepared")));
        StageDirectory made = Pipeline().Make(new Toy("prepared"));
        Assert.Equal([made.Path], Directory.GetDirectories(folder.Path));
        File.AppendAllText(made.File("text"), "more"); // damaged since
        var again = new Toy("prepared");
        Pipeline().Make(again);
        Assert.Equal(1, again.Runs);
    }

    [Fact]
    public void WhatMustBeThereIsOpenedOnlyIfItFits()
    {
        StageDirectory prepared = Pipeline().Make(new Toy("prepared"));
        Assert.Contains("Run `train`", Refusal(() => Pipeline().Open(new Toy("model", prepared))), StringComparison.Ordinal);
        Pipeline().Make(new Toy("model", prepared) { Train = new TrainOptions { Epochs = 7 } });
        Pipeline().Open(new Toy("model", prepared) { Train = new TrainOptions { Epochs = 7, Threads = 3 } });
        string refusal = Refusal(() => Pipeline().Open(new Toy("model", prepared) { Train = new TrainOptions { Epochs = 8 } }));
        Assert.Contains("Train:Epochs was 7, the configuration says 8", refusal, StringComparison.Ordinal);
        Assert.Contains("Run `train` again", refusal, StringComparison.Ordinal);

        StageDirectory other = Pipeline().Make(new Toy("prepared", text: "other"));
        Assert.Contains("was made from other data", Refusal(() => Pipeline().Open(new Toy("model", other))), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileMayHaveChangedSinceWhatIsOpenedWasMadeFromIt()
    {
        Pipeline().Make(new Toy("prepared"));
        Assert.Equal("prepared", Pipeline().Open(new Toy("prepared", text: "changed")).Manifest.Stage);
    }

    [Fact]
    public void MadeAgainByHandItNamesTheStagesThatWereMadeFromTheOldOne()
    {
        StageDirectory prepared = Pipeline().Make(new Toy("prepared"));
        StageDirectory model = Pipeline().Make(new Toy("model", prepared));
        Pipeline().Make(new Toy("report", model));
        StagePipeline.ByHand(Job()).Make(new Toy("prepared"));
        Assert.Empty(said.All); // it is what it was
        StagePipeline.ByHand(Job()).Make(new Toy("prepared", text: "other"));
        Assert.Equal($"model/ in {folder.Path} was made from another prepared/ than this; to make it again: `train`.", Assert.Single(said.All));
    }

    [Fact]
    public void ARunThatWasInProductionIsReadOnly()
    {
        StageDirectory prepared = Pipeline().Make(new Toy("prepared"));
        JobContext job = Job() with { CheckMayWrite = directory => throw new InvalidInputException($"{directory} served") };
        var toy = new Toy("model", prepared);
        Assert.Equal($"{folder.Path} served", Refusal(() => new StagePipeline(job).Make(toy)));
        Assert.Equal(0, toy.Runs);
        Assert.Equal([prepared.Path], Directory.GetDirectories(folder.Path));
        Assert.Equal(prepared.ManifestSha256, new StagePipeline(job).Make(new Toy("prepared")).ManifestSha256); // it may be read
    }

    [Fact]
    public void WhatFollowsPublishingIsDoneOnlyThen()
    {
        bool wasThere = false;
        Pipeline().Make(new Toy("prepared") { Then = () => wasThere = Directory.Exists(Path.Combine(folder.Path, "prepared")) });
        Assert.True(wasThere);
    }

    private static string Refusal(Func<object> refused) => Assert.Throws<InvalidInputException>(refused).Message;

    private StagePipeline Pipeline(string below = "") => new(Job() with { RunDirectory = Path.Combine(folder.Path, below) });

    private JobContext Job() => new(new NcfSparkConfiguration(), folder.Path, said, output, TimeProvider.System, CancellationToken.None);

    private sealed class Toy(string name, StageDirectory? madeFrom = null, string text = "text") : Stage
    {
        public TrainOptions Train { get; init; } = new() { Seed = 1 };

        public bool Fails { get; init; }

        public Action? Then { get; init; }

        public int Runs { get; private set; }

        public override string Name => name;

        public override IReadOnlyList<Artifact> Inputs =>
            [.. madeFrom is null ? Array.Empty<Artifact>() : [Artifact.Of(madeFrom)], Artifact.File("text", () => text)];

        public override IReadOnlyList<(string, object)> Options => [("Train", Train), ("Value", JsonValue.Create(3))];

        public override long Seed => Train.Seed;

        public override StageCounts Run(StageContext context)
        {
            Runs++;
            File.WriteAllText(context.Writer.File("text"), text);
            if (Fails) throw new InvalidDataException();
            context.WhenPublished = Then;
            return new StageCounts(new() { ["lines"] = 1 }) { Notes = new() { ["said"] = "a note" } };
        }
    }

    private sealed class Lines : IProgressReporter
    {
        public List<string> All { get; } = [];

        public IProgressTask Start(string name, long total, string unit) => SilentProgress.Instance.Start(name, total, unit);

        public void Line(string text) => All.Add(text);
    }
}
