using NcfSpark.Core;
using TorchSharp;

namespace NcfSpark.Model.Tests;

public sealed class NeuMFModuleTests
{
    public static TheoryData<NetworkKind, Activation, bool> KindsAndActivations()
    {
        var data = new TheoryData<NetworkKind, Activation, bool>();
        foreach (NetworkKind kind in Models.Kinds)
        {
            data.Add(kind, Activation.None, false);
            data.Add(kind, Activation.Relu, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(KindsAndActivations))]
    public void ForwardIsThePublishedFormula(NetworkKind kind, Activation activation, bool biases)
    {
        ModelWeights weights = Models.Random(Models.Options(kind, activation, biases));
        using var module = new NeuMFModule(weights);
        int[] users = [0, 5, 3, 3], items = [8, 0, 2, 7];
        using torch.Tensor logits = module.forward(torch.tensor(users, dtype: torch.int64), torch.tensor(items, dtype: torch.int64)).detach();
        for (int b = 0; b < users.Length; b++) Assert.Equal(LogitByHand(weights, users[b], items[b]), logits[b].item<float>(), 1e-5);
    }

    [Theory]
    [InlineData(NetworkKind.Mf, 0)]
    [InlineData(NetworkKind.Mf, 4)]
    [InlineData(NetworkKind.Gmf, 4)]
    [InlineData(NetworkKind.Neumf, 4)]
    public void AHistoryIsItsFormula(NetworkKind kind, int width)
    {
        ModelWeights weights = Models.Random(Models.History(kind, width));
        using var module = new NeuMFModule(weights);
        int[] users = [0, 1, 2, 3, 4], items = [8, 0, 2, 7, 1];
        using torch.Tensor logits = module.forward(torch.tensor(users, dtype: torch.int64), torch.tensor(items, dtype: torch.int64)).detach();
        for (int b = 0; b < users.Length; b++)
        {
            ModelWeights plain = Models.Random(Models.Options(kind, biases: true)); // the same model, with the formula's vectors as user embeddings
            foreach (Weight weight in plain.All) weights.All.Single(other => other.Name == weight.Name).Values.CopyTo(weight.Values);
            UserByHand(weights, users[b]).CopyTo(plain.UserGmf!.Row(users[b]));
            Assert.Equal(LogitByHand(plain, users[b], items[b]), logits[b].item<float>(), 2e-5);
        }
    }

    [Theory]
    [InlineData(NetworkKind.Mf)]
    [InlineData(NetworkKind.Neumf)]
    public void ScorerGivesTheModulesProbabilitiesWithAHistory(NetworkKind kind)
    {
        ModelWeights weights = Models.Random(Models.History(kind));
        using var scorer = new ModelScorer(weights);
        using var module = new NeuMFModule(weights);
        float[] scores = new float[5 * 9], pairs = new float[9];
        scorer.ScoreAll([0, 1, 2, 3, 4], scores);
        for (int user = 0; user < 5; user++)
        {
            int[] same = [.. Enumerable.Repeat(user, 9)], items = [.. Enumerable.Range(0, 9)];
            using torch.Tensor expected = module.forward(torch.tensor(same, torch.int64), torch.tensor(items, torch.int64)).sigmoid().detach();
            scorer.ScorePairs(same, items, pairs);
            for (int item = 0; item < 9; item++)
            {
                Assert.Equal(expected[item].item<float>(), scores[user * 9 + item], 1e-5f);
                Assert.Equal(expected[item].item<float>(), pairs[item], 1e-5f);
            }
        }
    }

    // In doubles, from the equations of NeuMFModule.
    private static float[] UserByHand(ModelWeights weights, int user)
    {
        ModelOptions options = weights.Options;
        int size = options.EmbeddingSize;
        int[] pool = [.. weights.Pools![user].ToArray()];
        double[] own = [.. weights.UserGmf!.Row(user).ToArray().Select(value => (double)value)], pooled = new double[size];
        double sum = pool.Select((_, k) => Math.Exp(-k / options.History.Decay)).Sum();
        for (int k = 0; k < pool.Length; k++)
        {
            for (int e = 0; e < size; e++)
            {
                pooled[e] += options.History.Factor * Math.Exp(-k / options.History.Decay) / sum * weights.ItemHistory!.Row(pool[k])[e];
            }
        }

        double[] vector = [.. own.Zip(pooled, (p, h) => p + h)];
        if (weights.UserLayers is [var hidden, var output])
        {
            double[] Latest(int k) => k < pool.Length ? [.. weights.ItemHistory!.Row(pool[k]).ToArray().Select(value => (double)value)] : new double[size];
            double[] x = [.. Latest(0), .. Latest(1), .. pooled, .. own,
                .. Enumerable.Range(0, TemporalFeatures.Count).Select(feature => (double)((weights.Pools.TemporalFeatures_U[user] >> feature) & 1))];
            double[] z = [.. Enumerable.Range(0, hidden.Weight.Rows)
                .Select(n => Math.Max(0, hidden.Bias.Values[n] + x.Select((value, i) => value * hidden.Weight.Row(n)[i]).Sum()))];
            for (int e = 0; e < size; e++) vector[e] += output.Bias.Values[e] + z.Select((value, n) => value * output.Weight.Row(e)[n]).Sum();
        }

        return [.. vector.Select(value => (float)value)];
    }

    [Fact]
    public void NeuMFOfOneDimensionByHand()
    {
        var weights = new ModelWeights(
            new ModelOptions { Kind = NetworkKind.Neumf, User = UserEncoderKind.Embedding, EmbeddingSize = 1, MlpEmbeddingSize = 1, MlpLayers = [1] }, 1, 1);
        weights.UserGmf!.Values[0] = 2;
        weights.ItemGmf!.Values[0] = 3;
        weights.UserMlp!.Values[0] = 1;
        weights.ItemMlp!.Values[0] = -1;
        weights.MlpLayers[0].Weight.Values[0] = 5;
        weights.MlpLayers[0].Weight.Values[1] = 4;
        weights.MlpLayers[0].Bias.Values[0] = 0.5f;
        weights.Head!.Values[0] = 0.1f;
        weights.Head.Values[1] = 10;
        weights.HeadBias.Values[0] = -1;
        using var module = new NeuMFModule(weights);
        using torch.Tensor logit = module.forward(torch.tensor(new long[] { 0 }), torch.tensor(new long[] { 0 }));
        // gmf 2 · 3 = 6; mlp relu(5 · 1 - 4 · 1 + 0.5) = 1.5; 0.1 · 6 + 10 · 1.5 - 1 = 14.6
        Assert.Equal(14.6f, logit.item<float>(), 1e-5f);
    }

    [Fact]
    public void ParametersAreViewsOfTheWeights()
    {
        ModelWeights weights = Models.Random(Models.Options(NetworkKind.Neumf));
        using var module = new NeuMFModule(weights);
        weights.HeadBias.Values[0] = 42;
        Assert.Equal(42f, module[weights.HeadBias].item<float>());
        using (torch.no_grad()) module[weights.UserGmf!].copy_(torch.tensor(Enumerable.Repeat(7f, 30).ToArray()).reshape(6, 5));
        Assert.All(weights.UserGmf!.Values.ToArray(), value => Assert.Equal(7f, value));
    }

    [Theory]
    [MemberData(nameof(KindsAndActivations))]
    public void ScorerGivesTheModulesProbabilities(NetworkKind kind, Activation activation, bool biases)
    {
        ModelWeights weights = Models.Random(Models.Options(kind, activation, biases), users: 4, items: 4100); // three tiles of items
        using var scorer = new ModelScorer(weights);
        using var module = new NeuMFModule(weights);
        int[] users = [3, 0, 3];
        float[] scores = new float[users.Length * scorer.ItemCount];
        scorer.ScoreAll(users, scores);
        for (int b = 0; b < users.Length; b++)
        {
            using torch.Tensor expected =
                module.forward(torch.tensor(Enumerable.Repeat(users[b], scorer.ItemCount).ToArray(), torch.int64),
                torch.tensor(Enumerable.Range(0, scorer.ItemCount).ToArray(), torch.int64)).sigmoid().detach();
            float[] row = expected.data<float>().ToArray();
            for (int item = 0; item < row.Length; item++) Assert.Equal(row[item], scores[b * row.Length + item], 1e-5f);
        }

        float[] pairs = new float[3];
        scorer.ScorePairs([0, 3, 3], [4099, 1, 2050], pairs);
        Assert.Equal(scores[scorer.ItemCount + 4099], pairs[0], 1e-6f);
        Assert.Equal(scores[1], pairs[1], 1e-6f);
        Assert.Equal(scores[2050], pairs[2], 1e-6f);
    }

    [Fact]
    public void AUsersScoresDoNotDependOnTheCompany()
    {
        using var scorer = new ModelScorer(Models.Random(Models.Options(NetworkKind.Neumf)));
        float[] alone = new float[9], together = new float[27];
        scorer.ScoreAll([2], alone);
        scorer.ScoreAll([5, 2, 0], together);
        Assert.Equal(alone, together[9..18]);
    }

    [Fact]
    public void SameSeedGivesTheSameFirstWeights()
    {
        ModelOptions options = Models.Options(NetworkKind.Neumf);
        Weight[] one = [.. ModelWeights.Initialize(options, 50, 60, 3).All], two = [.. ModelWeights.Initialize(options, 50, 60, 3).All],
            other = [.. ModelWeights.Initialize(options, 50, 60, 4).All];
        for (int w = 0; w < one.Length; w++) Assert.Equal(one[w].Values.ToArray(), two[w].Values.ToArray());
        Assert.NotEqual(one[0].Values.ToArray(), other[0].Values.ToArray());
    }

    [Fact]
    public void EmbeddingsStartWithTheStandardDeviationAskedFor()
    {
        float[] values = ModelWeights.Initialize(Models.Options(NetworkKind.Gmf), 20_000, 1, 1).UserGmf!.Values.ToArray();
        double deviation = Math.Sqrt(values.Average(value => (double)value * value));
        Assert.Equal(0.7, deviation, 0.01);
        Assert.Equal(0, values.Average(), 0.01);
    }

    private static double LogitByHand(ModelWeights weights, int user, int item)
    {
        bool relu = weights.Options.EmbeddingActivation == Activation.Relu;
        double[] Row(Weight table, int row) => [.. table.Row(row).ToArray().Select(value => relu ? Math.Max(0, value) : (double)value)];
        var headInputs = new List<double>();
        if (weights.UserGmf is not null) headInputs.AddRange(Row(weights.UserGmf, user).Zip(Row(weights.ItemGmf!, item), (p, q) => p * q));
        if (weights.UserMlp is not null)
        {
            double[] x = [.. Row(weights.UserMlp, user), .. Row(weights.ItemMlp!, item)];
            foreach ((Weight weight, Weight bias) in weights.MlpLayers)
            {
                x = [.. Enumerable.Range(0, weight.Rows)
                    .Select(n => Math.Max(0, bias.Values[n] + weight.Row(n).ToArray().Zip(x, (w, value) => w * value).Sum()))];
            }

            headInputs.AddRange(x);
        }

        double biases = weights.HeadBias.Values[0] + (weights.UserBias is null ? 0 : weights.UserBias.Values[user] + weights.ItemBias!.Values[item]);
        return biases + (weights.Head is null ? headInputs.Sum() : headInputs.Zip(weights.Head.Values.ToArray(), (x, w) => x * w).Sum());
    }
}
