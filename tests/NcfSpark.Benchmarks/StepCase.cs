using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Tests;

namespace NcfSpark.Benchmarks;

/// <summary>A network on tables of a size, trained by a loss in batches of a size, on so many interactions.</summary>
internal sealed record StepCase(string Shape, ModelOptions Model, TrainOptions Train, int Users, int Items, int Interactions)
{
    private const int MlpNegatives = 5;

    public string Name => $"{Shape} {Users}x{Items} batch {Train.For(Model).BatchSize}";

    /// <summary>
    /// Two for each weight of the layers and head, forward, backward to its input, and for its own gradient. With the softmax a user's
    /// vector, made once for a positive and its negatives, is multiplied by those of all samples of the batch. With attention a sample is a user:
    /// of T tokens each meets the layers of each block, half of the tokens in attention, and all negatives.
    /// </summary>
    /// <param name="set">What is trained on.</param>
    public double FlopPerSample(TrainingSet set)
    {
        if (Model.HasAttention)
        {
            double size = Model.EmbeddingSize, blocks = Model.Attention.Blocks, negatives = Math.Min(Train.SoftmaxNegatives ?? 2048, Items);
            double OfUser(double tokens) => 6 * tokens * size * (blocks * (12 * size + tokens) + negatives);
            return UserSamples.UsersOf(set).Average(user => OfUser(Math.Min(set.Avoided[user].Length - 1, Model.Attention.Length)));
        }

        if (Train.Loss == LossKind.Softmax)
        {
            double products = (double)Train.BatchSize * Model.EmbeddingSize;
            if (Model.UserMlp.Width > 0) products += (double)(Model.UserMlp.Lags + 3) * Model.EmbeddingSize * Model.UserMlp.Width;
            return 6 * products / (1 + Train.NegativesPerPositive);
        }

        int[] widths = [2 * Model.MlpEmbeddingSize, .. Model.MlpLayers];
        return 6.0 * (widths.Zip(widths[1..]).Sum(layer => layer.First * layer.Second) + Model.EmbeddingSize + widths[^1]);
    }

    public static IEnumerable<StepCase> All()
    {
        // The shape of the NCF paper's largest model, with the AWS sample's dropout; and that of MLPerf Training 0.5's recommendation benchmark.
        var seed = PlainOptions.Model with { EmbeddingSize = 32, MlpEmbeddingSize = 32, MlpLayers = [64, 32, 16, 8], Dropout = [0.25, 0.25, 0.25] };
        var mlperf = PlainOptions.Model with { EmbeddingSize = 64, MlpEmbeddingSize = 128, MlpLayers = [256, 128, 64] };
        foreach ((string shape, ModelOptions model) in new[] { ("seed", seed), ("mlperf", mlperf) })
        {
            foreach ((int users, int items) in new[] { (6040, 3706), (138_493, 26_744) }) // MovieLens 1M and 20M
            {
                foreach (int batch in new[] { 256, 1024, 4096, 16_384 })
                {
                    TrainOptions train = PlainOptions.Train with
                    {
                        Negatives = NegativeSource.Resampled,
                        NegativesPerPositive = MlpNegatives,
                        BatchSize = batch,
                    };
                    yield return new(shape, model, train, users, items, 1_000_000);
                }
            }
        }

        // What conf/ml-latest-small-good.json and conf/ml-1m-history.json train: the defaults, and the same with an MLP over the user.
        var withMlp = new ModelOptions { UserMlp = new() { Width = 128, TemporalFeatures = true, Dropout = 0.5 } };
        yield return new("history", new(), new(), 610, 9724, 100_000);
        yield return new("history", new(), new(), 138_493, 26_744, 2_000_000);
        yield return new("features", new() { Item = ItemEncoderKind.Features }, new(), 610, 9724, 100_000);
        yield return new("features", new() { Item = ItemEncoderKind.Features }, new(), 138_493, 26_744, 2_000_000);
        var attention = new ModelOptions { User = UserEncoderKind.Attention, EmbeddingSize = 64 };
        yield return new("attention", attention, new(), 6040, 3706, 1_000_000);
        yield return new("history-mlp", withMlp, new() { SoftmaxNegatives = 256 }, 6040, 3706, 1_000_000);
    }
}
