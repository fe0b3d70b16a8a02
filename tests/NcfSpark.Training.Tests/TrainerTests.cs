using System.Diagnostics;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

public sealed class TrainerTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Theory]
    [InlineData(NetworkKind.Neumf)]
    [InlineData(NetworkKind.Gmf)]
    [InlineData(NetworkKind.Mlp)]
    [InlineData(NetworkKind.Mf)]
    public void PlantedTastesAreRecovered(NetworkKind kind)
    {
        TrainingSet set = Logs.TwoTastes();
        TrainingResult result = Trainer(Options(epochs: 30) with { Regularization = 0.02 }, "planted", null,
            options: Network(kind) with { EmbeddingSize = 2, MlpEmbeddingSize = 2 }).Train(set);
        using var scorer = new ModelScorer(result.Weights);
        float[] scores = new float[set.ItemCount];
        double right = 0;
        for (int user = 0; user < set.UserCount; user++)
        {
            scorer.ScoreAll([user], scores);
            // Of the items that the user has not touched, those of their taste must come before the others.
            var untouched = Enumerable.Range(0, set.ItemCount).Except(set.Avoided[user].ToArray()).OrderByDescending(item => scores[item]).ToArray();
            int own = untouched.Count(item => item % 2 == user % 2);
            right += untouched.Take(own).Count(item => item % 2 == user % 2) / (double)own;
        }

        Assert.InRange(right / set.UserCount, 0.97, 1);
        Assert.True(result.Epochs[^1].Loss < result.Epochs[0].Loss);
    }

    [Fact]
    public void SameSeedGivesTheSameBytesAndAnotherSeedOthers()
    {
        TrainingSet set = Logs.TwoTastes();
        ModelWeights one = Train(set, Options()).Weights, two = Train(set, Options() with { Threads = 2 }, run: "b").Weights;
        ModelWeights other = Train(set, Options() with { Seed = 2 }, run: "c").Weights;
        AssertEqual(one, two);
        Assert.NotEqual(one.UserGmf!.Values.ToArray(), other.UserGmf!.Values.ToArray());
    }

    [Theory]
    [InlineData(StepChoice.Torch, 1)]
    [InlineData(StepChoice.Torch, 6)]
    [InlineData(StepChoice.Fused, 1)]
    [InlineData(StepChoice.Fused, 3)]
    [InlineData(StepChoice.Fused, 9)]
    [InlineData(StepChoice.Fused, 14)]
    public void StoppedAnywhereAndStartedAgainItEndsWithTheSameBytes(StepChoice step, int stopAfterWindows)
    {
        TrainingSet set = Logs.TwoTastes();
        TrainOptions options = Options(epochs: 4) with { Step = step, Patience = 2, CheckpointMinutes = 1e-9 }; // a checkpoint after every window
        static double Validate(ModelWeights weights) => -Math.Abs(weights.HeadBias.Values[0] + 0.02); // best in the middle
        ModelWeights whole = Trainer(options, "whole", Validate).Train(set).Weights;

        using var stop = new CancellationTokenSource();
        var counting = new StopAfter(stopAfterWindows, stop);
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer(options, "stopped", Validate, counting).Train(set, stop.Token));
        TrainingResult resumed = Trainer(options, "stopped", Validate).Train(set);
        AssertEqual(whole, resumed.Weights);
    }

    [Theory]
    [InlineData(StepChoice.Torch, LossKind.Logistic)]
    [InlineData(StepChoice.Fused, LossKind.Logistic)]
    [InlineData(StepChoice.Torch, LossKind.Softmax)]
    [InlineData(StepChoice.Fused, LossKind.Softmax)]
    public void AHistoryStoppedAndStartedAgainEndsWithTheSameBytes(StepChoice step, LossKind loss)
    {
        TrainingSet set = HistoryLogs.Random(4, 25, 30);
        ModelOptions model = PlainOptions.Model with
        {
            Kind = NetworkKind.Mf,
            EmbeddingSize = 8,
            EmbeddingInit = 0.1,
            User = UserEncoderKind.History,
            History = new() { Length = 5 },
            UserMlp = new() { Width = 10, TemporalFeatures = true },
        };
        TrainOptions options = Options(epochs: 3) with
        {
            Step = step,
            Loss = loss,
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 4,
            BatchSize = 100,
            Embeddings = new() { Optimizer = Optimizer.Sgd },
            LearningRateSchedule = LearningRateSchedule.Linear,
            CheckpointMinutes = 1e-9,
        };
        ModelWeights whole = Trainer(options, "whole", null, options: model).Train(set).Weights;
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer(options, "stopped", null, new StopAfter(3, stop), model).Train(set, stop.Token));
        ModelWeights resumed = Trainer(options with { Threads = 2 }, "stopped", null, options: model).Train(set).Weights;
        AssertEqual(whole, resumed);
        Assert.Equal(whole.Pools!.Items_UK, resumed.Pools!.Items_UK);
        Assert.Equal(whole.Pools.TemporalFeatures_U, resumed.Pools.TemporalFeatures_U);
        // Chance is no embedding.
        for (int user = 0; user < set.UserCount; user++) Assert.Equal(whole.Pools[user].IsEmpty, whole.UserGmf!.Row(user).ToArray().All(value => value == 0));
    }

    [Theory]
    [InlineData(NetworkKind.Mf, UserEncoderKind.Embedding)]
    [InlineData(NetworkKind.Neumf, UserEncoderKind.History)]
    [InlineData(NetworkKind.Gmf, UserEncoderKind.History)] // its head is trained
    public void ASoftmaxOverWhatIsNoDotProductOfAHistoryIsRefused(NetworkKind kind, UserEncoderKind user)
    {
        ModelOptions model = PlainOptions.Model with { Kind = kind, User = user, MlpLayers = [4] };
        TrainOptions options = Options() with
        {
            Loss = LossKind.Softmax,
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 4,
            BatchSize = 50,
            Embeddings = new() { Optimizer = Optimizer.Sgd },
        };
        string message = Assert.Throws<InvalidInputException>(() => Trainer(options, "softmax", null, options: model).Train(Logs.TwoTastes())).Message;
        Assert.Contains("Train:Loss is \"softmax\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABatchOfHalfAGroupIsRefused()
    {
        ModelOptions model = PlainOptions.Model with { Kind = NetworkKind.Mf, User = UserEncoderKind.History };
        string message = Assert.Throws<InvalidInputException>(() => Trainer(
            Options() with { BatchSize = 64, Embeddings = new() { Optimizer = Optimizer.Sgd } }, "half", null, options: model).Train(Logs.TwoTastes())).Message;
        Assert.Contains("a multiple of 5, such as 65", message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheEpochWithTheBestValidationIsKeptAndPatienceEndsTraining()
    {
        TrainingSet set = Logs.TwoTastes();
        double[] scores = [0.1, 0.3, 0.3, double.NaN, 0.2, 0.9];
        int epoch = 0;
        var seen = new List<float[]>();
        TrainingResult result = Trainer(Options(epochs: 6) with { Patience = 3 }, "best", weights =>
        {
            seen.Add([.. weights.UserGmf!.Values]);
            return scores[epoch++];
        }).Train(set);
        Assert.Equal(2, result.BestEpoch); // the first of equals
        Assert.Equal(5, result.Epochs.Count); // epochs 3, 4 and 5 were no better
        Assert.Equal(seen[1], result.Weights.UserGmf!.Values.ToArray());
    }

    [Fact]
    public void CheckpointsOfAnotherTrainingAreNotUsed()
    {
        TrainingSet set = Logs.TwoTastes();
        Train(set, Options(epochs: 2), run: "x");
        CheckpointStore.Open(Path.Combine(run, "x"), "another");
        Assert.Single(Directory.GetDirectories(Path.Combine(run, "x")));
    }

    [Theory]
    [InlineData(UserEncoderKind.Embedding)]
    [InlineData(UserEncoderKind.History)]
    public void TheFusedStepLoadsNoLibtorch(UserEncoderKind user)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("dotnet", ["exec", typeof(FusedProcess).Assembly.Location, run, $"{user}"]) { RedirectStandardOutput = true })!;
        string modules = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("coreclr", modules, StringComparison.Ordinal);
        Assert.DoesNotContain("torch", modules, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(StepChoice.Torch)]
    [InlineData(StepChoice.Fused)]
    public void ADivergedRunSaysSo(StepChoice step)
    {
        TrainingSet set = Logs.TwoTastes();
        Assert.Throws<TrainingDivergedException>(() => Trainer(Options() with { Step = step, LearningRate = 1e30 }, "diverge", null).Train(set));
    }

    private static TrainOptions Options(int epochs = 3) => PlainOptions.Train with
    {
        Negatives = NegativeSource.Resampled,
        NegativesPerPositive = 4,
        Epochs = epochs,
        BatchSize = 64,
        LearningRate = 0.01,
        Threads = 1,
    };

    private TrainingResult Train(TrainingSet set, TrainOptions options, NetworkKind kind = NetworkKind.Neumf, string run = "a") =>
        Trainer(options, run, null, options: Network(kind)).Train(set);

    private Trainer Trainer(TrainOptions train, string name, Func<ModelWeights, double>? validate, IProgressReporter? progress = null,
        ModelOptions? options = null) =>
        new(options ?? Network(NetworkKind.Neumf), train, CheckpointStore.Open(Path.Combine(run, name), "test"), validate,
            progress ?? SilentProgress.Instance, TimeProvider.System);

    private static ModelOptions Network(NetworkKind kind) =>
        PlainOptions.Model with { Kind = kind, EmbeddingSize = 8, MlpEmbeddingSize = 8, MlpLayers = [16, 8], Dropout = [0.1], EmbeddingInit = 0.1 };

    private static void AssertEqual(ModelWeights expected, ModelWeights actual)
    {
        foreach ((Weight one, Weight two) in expected.All.Zip(actual.All)) Assert.Equal(one.Values.ToArray(), two.Values.ToArray());
    }
}

/// <summary>Cancels after so many windows of steps.</summary>
internal sealed class StopAfter(int windows, CancellationTokenSource stop) : IProgressReporter, IProgressTask
{
    private int left = windows + 1; // the first is the epoch's start

    public IProgressTask Start(string title, long total, string unit) => this;

    public void Line(string text)
    {
    }

    public void Advance(long units)
    {
        if (--left == 0) stop.Cancel();
    }

    public void Detail(string text)
    {
    }

    public void Dispose()
    {
    }
}
