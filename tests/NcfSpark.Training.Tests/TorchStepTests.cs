using NcfSpark.Core;
using NcfSpark.Model;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NcfSpark.Training.Tests;

public sealed class TorchStepTests
{
    public static TheoryData<NetworkKind, Activation, double> Shapes() => new()
    {
        { NetworkKind.Neumf, Activation.None, 0 },
        { NetworkKind.Neumf, Activation.Relu, 0.01 },
        { NetworkKind.Gmf, Activation.None, 0.02 },
        { NetworkKind.Mlp, Activation.Relu, 0 },
        { NetworkKind.Mf, Activation.None, 0.005 },
    };

    /// <summary>The slow twin: dense autograd over whole tables, and Adam by its formula on the rows that the batch touches.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void UpdatesEqualDenseAutogradAndAdamOnTouchedRows(NetworkKind kind, Activation activation, double regularization)
    {
        var options = PlainOptions.Train with { BatchSize = 700, LearningRate = 0.01, Regularization = regularization, Threads = 2 };
        ModelWeights fast = Weights(kind, activation), slow = Weights(kind, activation);
        var state = new TrainingState(fast);
        using var step = Step(state, options);
        var moments = slow.All.ToDictionary(weight => weight.Name, weight => (M: new double[weight.Values.Length], V: new double[weight.Values.Length]));
        for (int t = 1; t <= 3; t++)
        {
            Batch batch = RandomBatch(700, t); // two chunks, and many repeated rows
            double loss = step.Update(batch, t);
            double twin = DenseStep(slow, batch, options, t, moments);
            Assert.Equal(twin, loss, 1e-3);
        }

        foreach ((Weight expected, Weight actual) in slow.All.Zip(fast.All))
        {
            for (int i = 0; i < expected.Values.Length; i++) Assert.Equal(expected.Values[i], actual.Values[i], 2e-4f);
        }
    }

    [Fact]
    public void RowsThatABatchDoesNotTouchStandStill()
    {
        ModelWeights weights = Weights(NetworkKind.Neumf, Activation.None);
        var state = new TrainingState(weights);
        using var step = Step(state, PlainOptions.Train with { BatchSize = 4, Regularization = 0.1 });
        float[] before = [.. weights.UserGmf!.Row(7)];
        var batch = new Batch(4) { Count = 3 };
        step.Update(batch, 1); // user 0 and item 0 only
        Assert.Equal(before, weights.UserGmf.Row(7).ToArray());
        Assert.All(state.UserTables[0].FirstMoments[weights.UserGmf.Columns..], moment => Assert.Equal(0, moment));
    }

    [Fact]
    public void OneAndTwoThreadsGiveTheSameBytes()
    {
        ModelWeights[] results = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            ModelWeights weights = Weights(NetworkKind.Neumf, Activation.None, dropout: 0.3);
            using var step = Step(new TrainingState(weights), PlainOptions.Train with { BatchSize = 2000, Threads = threads });
            for (int t = 1; t <= 5; t++) step.Update(RandomBatch(2000, t), t);
            return weights;
        })];
        foreach (ModelWeights other in results[1..])
        {
            foreach ((Weight one, Weight two) in results[0].All.Zip(other.All)) Assert.Equal(one.Values.ToArray(), two.Values.ToArray());
        }
    }

    /// <summary>Central differences of the loss with the dropout of one sample fixed, against the update that plain gradient descent would make.</summary>
    [Fact]
    public void DropoutsGradientEqualsFiniteDifferences()
    {
        var options = PlainOptions.Train with { BatchSize = 8, LearningRate = 1e-12, Seed = 3 };
        Batch batch = RandomBatch(8, 1);
        ModelWeights weights = Weights(NetworkKind.Mlp, Activation.None, dropout: 0.4);
        double LossOf()
        {
            using var step = Step(new TrainingState(weights), options);
            return step.Update(batch, 1) / batch.Count; // a rate of 1e-12 leaves the weights as they are
        }

        var state = new TrainingState(weights);
        using (var step = Step(state, options)) step.Update(batch, 1);
        float[] gradients = [.. state.Dense[0].FirstMoments.Select(moment => moment / 0.1f)]; // m = (1 - b1) g after one step
        Weight first = state.Dense[0].Weight;
        for (int i = 0; i < first.Values.Length; i += 5)
        {
            float original = first.Values[i];
            first.Values[i] = original + 1e-2f;
            double above = LossOf();
            first.Values[i] = original - 1e-2f;
            double below = LossOf();
            first.Values[i] = original;
            Assert.Equal((above - below) / 2e-2, gradients[i], 2e-3);
        }
    }

    [Fact]
    public void ALossThatIsNotFiniteLeavesTheWeightsAlone()
    {
        ModelWeights weights = Weights(NetworkKind.Gmf, Activation.None);
        weights.HeadBias.Values[0] = float.NaN;
        float[] before = [.. weights.UserGmf!.Values];
        using var step = Step(new TrainingState(weights), PlainOptions.Train with { BatchSize = 8 });
        Assert.Contains("Train:LearningRate", Assert.Throws<TrainingDivergedException>(() => step.Update(RandomBatch(8, 1), 1)).Message,
            StringComparison.Ordinal);
        Assert.Equal(before, weights.UserGmf.Values.ToArray());
    }

    private static TorchStep Step(TrainingState state, TrainOptions options) => new(state, options, new UpdateRules(options, totalSteps: 1));

    private static double DenseStep(ModelWeights weights, Batch batch, TrainOptions options, int t, Dictionary<string, (double[] M, double[] V)> moments)
    {
        using var module = new NeuMFModule(weights);
        int[] users = batch.Users[..batch.Count], items = batch.Items[..batch.Count];
        Tensor loss = functional.binary_cross_entropy_with_logits(module.forward(tensor(users, int64), tensor(items, int64)),
            tensor(batch.Labels[..batch.Count]), reduction: Reduction.Sum);
        Tensor objective = loss;
        foreach (Weight table in weights.UserTables.Concat(weights.ItemTables))
        {
            Tensor rows = module[table].index_select(0, tensor(weights.UserTables.Contains(table) ? users : items, int64));
            objective = objective.Plus(tensor((float)(options.Regularization / 2)) * (rows * rows).sum());
        }

        (objective * tensor(1f / batch.Count)).backward();
        foreach (Weight weight in weights.All)
        {
            float[] gradient = module[weight].grad!.data<float>().ToArray();
            IEnumerable<int> touched = weights.UserTables.Contains(weight) ? users.Distinct() : weights.ItemTables.Contains(weight) ? items.Distinct()
                : Enumerable.Range(0, weight.Rows);
            (double[] m, double[] v) = moments[weight.Name];
            foreach (int i in touched.SelectMany(row => Enumerable.Range(row * weight.Columns, weight.Columns)))
            {
                m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
                weight.Values[i] -= (float)(options.LearningRate * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, t))) + 1e-8));
            }
        }

        return loss.item<float>();
    }

    private static ModelWeights Weights(NetworkKind kind, Activation activation, double dropout = 0)
    {
        var options = PlainOptions.Model with
        {
            Kind = kind,
            EmbeddingSize = 5,
            MlpEmbeddingSize = 3,
            MlpLayers = [7, 4],
            EmbeddingActivation = activation,
            EmbeddingInit = 0.7,
            Dropout = dropout == 0 ? [] : [dropout, dropout],
        };
        return ModelWeights.Initialize(options, 20, 15, seed: 1);
    }

    private static Batch RandomBatch(int count, int seed)
    {
        RandomStream stream = RandomStream.Named(seed, "batch");
        var batch = new Batch(count) { Count = count };
        for (int b = 0; b < count; b++)
        {
            (batch.Users[b], batch.Items[b], batch.Labels[b]) = ((int)stream.Below(3 * b, 20), (int)stream.Below(3 * b + 1, 15), stream.Below(3 * b + 2, 2));
        }

        return batch;
    }
}
