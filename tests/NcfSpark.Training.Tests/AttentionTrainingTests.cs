using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

public sealed class AttentionTrainingTests : IDisposable
{
    private const int Users = 60, Items = 20;

    private static readonly ModelOptions Model = new()
    {
        User = UserEncoderKind.Attention,
        EmbeddingSize = 32,
        Attention = new() { Blocks = 1, Length = 12 },
    };

    private static readonly TrainOptions Options = new()
    {
        Epochs = 12, UsersPerBatch = 7, LearningRate = 0.01, SoftmaxNegatives = 15, Threads = 1, CheckpointMinutes = 1e-9, // after every window
    };

    private readonly string run = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    // Everybody goes round a circle of items from somewhere: what comes next follows from the latest item, and from nothing else.
    [Fact]
    public void ThePlantedSuccessorIsAtTheTopOfMostLists()
    {
        ModelWeights weights = Train(Options, "circle", Circles());
        using var scorer = new FusedScorer(weights, Kernels.SimdLevels.Best);
        int hits = 0;
        for (int user = 0; user < Users; user++)
        {
            float[] scores = new float[Items];
            scorer.ScoreAll([user], scores);
            int next = (LastOf(user) + 1) % Items;
            foreach (int used in ItemsOf(user)) scores[used] = float.NegativeInfinity;
            if (Array.IndexOf(scores, scores.Max()) == next) hits++;
        }

        Assert.True(hits > Users * 0.8, $"{hits} of {Users}");
    }

    [Fact]
    public void StoppedAndStartedAgainWithOtherThreadsItEndsWithTheSameBytes()
    {
        TrainOptions options = Options with { Epochs = 3 };
        ModelWeights whole = Train(options, "whole", HistoryLogs.Random(4, 60, 30));
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Train(options, "stopped", HistoryLogs.Random(4, 60, 30), stop, windows: 3));
        ModelWeights resumed = Train(options with { Threads = 3 }, "stopped", HistoryLogs.Random(4, 60, 30));
        foreach ((Weight one, Weight two) in whole.All.Zip(resumed.All)) Assert.Equal(one.Values.ToArray(), two.Values.ToArray());
    }

    [Fact]
    public void AWholeRunMovesEveryPartThatTheLossReaches()
    {
        TrainingSet set = HistoryLogs.Random(4, 60, 30);
        ModelWeights before = ModelWeights.Initialize(Model, set.UserCount, set.ItemCount, 1), after = Train(Options, "moves", set);
        foreach ((Weight one, Weight two) in before.Shared.Zip(after.Shared).Where(pair => pair.First != before.HeadBias))
        {
            Assert.NotEqual(one.Values.ToArray(), two.Values.ToArray());
        }
    }

    private ModelWeights Train(TrainOptions options, string name, TrainingSet set, CancellationTokenSource? stop = null, int windows = 0)
    {
        IProgressReporter progress = stop is null ? SilentProgress.Instance : new StopAfter(windows, stop);
        return new Trainer(Model, options, CheckpointStore.Open(Path.Combine(run, name), "test"), null, progress, TimeProvider.System)
            .Train(set, stop?.Token ?? CancellationToken.None).Weights;
    }

    private static IEnumerable<int> ItemsOf(int user) => Enumerable.Range(user, 5 + user % 4).Select(item => item % Items);

    private static int LastOf(int user) => ItemsOf(user).Last();

    private static TrainingSet Circles()
    {
        (int User, int Item, long Time)[] rows =
            [.. Enumerable.Range(0, Users).SelectMany(user => ItemsOf(user).Select((item, place) => (user, item, 1_000_000_000L + 60 * place)))];
        return TrainingSet.Of(
            Users, Items, new InteractionRows([.. rows.Select(row => row.User)], [.. rows.Select(row => row.Item)], [.. rows.Select(row => row.Time)]),
            [.. rows.Select(_ => 1)], []);
    }
}
