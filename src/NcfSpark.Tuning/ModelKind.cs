using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Tuning;

/// <summary>A kind of model that a search tries: the settings that make it, from which it begins, and the ranges of those that it searches.</summary>
/// <param name="Name">Its name for people, such as "history, MLP".</param>
/// <param name="Begin">The kind by the settings that were good for it elsewhere: the first candidate of the kind.</param>
internal sealed record ModelKind(string Name, NcfSparkConfiguration Begin, IReadOnlyList<SettingRange> Ranges)
{
    /// <summary>
    /// The kinds that suit a log, in the order in which they are tried. Where each begins was chosen on validation on ml-latest-small and MovieLens 1M (conf/
    /// has these files); the ranges are those of conf/search.
    /// </summary>
    /// <param name="start">The configuration that is searched; what belongs to no kind stays as it is there.</param>
    /// <param name="interactions">Training interactions.</param>
    public static IReadOnlyList<ModelKind> For(NcfSparkConfiguration start, long interactions)
    {
        bool timed = start.Input.TimestampColumn.Length > 0, small = interactions <= SettingsForLog.Small;
        var mf = new ModelKind("mf", Beginning(
            small ? 30 : 16,
            new ModelOptions { User = UserEncoderKind.Embedding, EmbeddingSize = small ? 64 : 128 },
            train => train with
            {
                BatchSize = small ? 144 : 1152,
                Negatives = timed ? NegativeSource.Uniform : NegativeSource.Resampled,
                RecencyScale = timed ? 10 : 0,
                Embeddings = train.Embeddings with { LearningRate = 0.03, Regularization = small ? 0.02 : 0.005 },
            }),
            [
                Choice("Model:EmbeddingSize", 32, 64, 128), Choice("Train:NegativesPerPositive", 4, 8, 16),
                .. timed
                    ? [Choice("Train:RecencyScale", 0.0, 10.0, 30.0), Choice("Train:Negatives", NegativeSource.Uniform, NegativeSource.Resampled)]
                    : Array.Empty<SettingRange>(),
                Between("Train:Embeddings:LearningRate", 0.01, 0.1), Between("Train:Embeddings:Regularization", 0.002, 0.06),
            ]);
        var neumf = new ModelKind("neumf", Beginning(
            12,
            new ModelOptions
            {
                Kind = NetworkKind.Neumf,
                User = UserEncoderKind.Embedding,
                EmbeddingSize = small ? 32 : 64,
                MlpLayers = [32, 16, 16],
                Dropout = [0, 0.7],
                Biases = true,
                TrainedGmfHead = false,
            },
            train => train with
            {
                BatchSize = small ? 256 : 1024,
                Negatives = timed ? NegativeSource.Uniform : NegativeSource.Resampled,
                RecencyScale = timed ? 10 : 0,
                Embeddings = train.Embeddings with { LearningRate = 0.03, Regularization = small ? 0.02 : 0.005 },
            }),
            [
                Choice("Model:EmbeddingSize", 16, 32, 64), Choice("Model:Dropout", Array.Empty<double>(), new[] { 0, 0.5 }, new[] { 0, 0.7 }),
                Between("Train:LearningRate", 0.0003, 0.003), Between("Train:Embeddings:LearningRate", 0.015, 0.06),
                Between("Train:Embeddings:Regularization", 0.002, 0.04),
            ]);
        if (!timed) return [mf, neumf];
        SettingRange[] pool =
        [
            Choice("Model:EmbeddingSize", 64, 128, 192), Choice("Model:History:Length", 10, 20, 40), Between("Model:History:Decay", 1.5, 12),
            Between("Model:History:Factor", 1, 6), Choice("Train:Loss", LossKind.Softmax, LossKind.Softmax, LossKind.Logistic),
            Choice("Train:Negatives", NegativeSource.Resampled, NegativeSource.PopularityUntouched), Choice("Train:NegativesPerPositive", 4, 8, 16),
            Between("Train:Embeddings:LearningRate", 0.02, 0.1), Between("Train:Embeddings:Regularization", 0.002, 0.06),
        ];
        ModelOptions history = new() { History = new() { Factor = small ? 3 : 2 } };
        ModelOptions mlp = history with { UserMlp = new() { Width = small ? 64 : 128, Dropout = 0.5 } };
        return
        [
            mf,
            new("history", Beginning(small ? 10 : 3, history, Pooled), pool),
            neumf,
            new("history, MLP", Beginning(small ? 10 : 3, mlp, Pooled),
                [.. pool, Choice("Model:UserMlp:Width", 32, 64, 128), Choice("Model:UserMlp:Lags", 2, 3, 5)]),
        ];

        TrainOptions Pooled(TrainOptions train) => train with
        {
            Loss = LossKind.Softmax,
            Negatives = small ? NegativeSource.Resampled : NegativeSource.PopularityUntouched,
            SoftmaxNegatives = small ? null : 256,
            Embeddings = train.Embeddings with { Regularization = small ? 0.03 : 0.005 },
        };

        // The settings of training that have to do with the machine and with what is validated stay; all others begin from the defaults.
        NcfSparkConfiguration Beginning(int epochs, ModelOptions model, Func<TrainOptions, TrainOptions> train) => start with
        {
            Model = model,
            Train = train(start.Train with
            {
                Epochs = epochs,
                Loss = LossKind.Logistic,
                Negatives = new TrainOptions().Negatives,
                NegativePopularity = new TrainOptions().NegativePopularity,
                NegativesPerPositive = new TrainOptions().NegativesPerPositive,
                SoftmaxNegatives = null,
                BatchSize = new TrainOptions().BatchSize,
                Optimizer = new TrainOptions().Optimizer,
                LearningRate = new TrainOptions().LearningRate,
                LearningRateSchedule = new TrainOptions().LearningRateSchedule,
                Regularization = 0,
                WeightDecay = 0,
                Embeddings = new TrainOptions().Embeddings,
                RecencyScale = 0,
                RecencyFloor = new TrainOptions().RecencyFloor,
            }),
        };
    }

    /// <summary>The kind of a model by its settings.</summary>
    public static string NameOf(ModelOptions model) =>
        (model.Kind, model.User) switch
        {
            (NetworkKind.Mf, UserEncoderKind.Attention) => "attention",
            (NetworkKind.Mf, UserEncoderKind.History) => model.UserMlp.Width > 0 ? "history, MLP" : "history",
            (var kind, var user) => SettingText.Of(kind) + (user == UserEncoderKind.Embedding ? "" : $", {SettingText.Of(user)}"),
        };

    private static SettingRange Choice(string name, params object[] values) => SettingRange.Choice(SettingKey.Find(name)!, values);

    private static SettingRange Between(string name, double from, double to) => SettingRange.Logarithmic(SettingKey.Find(name)!, from, to);
}
