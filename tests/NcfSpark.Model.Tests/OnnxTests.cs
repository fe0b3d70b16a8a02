using FsCheck;
using FsCheck.Xunit;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model.Onnx;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace NcfSpark.Model.Tests;

/// <summary>What is exported as ONNX, run by ONNX Runtime, against the fused scorer.</summary>
public sealed class OnnxTests
{
    private const int UserCount = 6, ItemCount = 9;
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => [.. All.Keys];

    private static Dictionary<string, ModelOptions> All => new()
    {
        ["mf"] = Models.Options(NetworkKind.Mf),
        ["gmf, relu"] = Models.Options(NetworkKind.Gmf, Activation.Relu),
        ["mlp, biases"] = Models.Options(NetworkKind.Mlp, biases: true),
        ["cosine"] = Models.Options(NetworkKind.Cosine),
        ["neumf"] = Models.Options(NetworkKind.Neumf),
        ["neumf, relu"] = Models.Options(NetworkKind.Neumf, Activation.Relu, biases: true),
        ["history"] = Models.History(NetworkKind.Mf, width: 0),
        ["history, gmf"] = Models.History(NetworkKind.Gmf),
        ["history with MLP"] = Models.History(NetworkKind.Mf),
        ["history with MLP, no lags"] = Models.History(NetworkKind.Mf) with { UserMlp = new() { Width = 4, Lags = 0 } },
        ["history, neumf"] = Models.History(NetworkKind.Neumf),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void PairsAreScoredAsByTheFusedScorerByIndexAndById(string name)
    {
        foreach (bool texts in new[] { false, true })
        {
            TrainedModel model = Model(All[name], texts);
            float[] expected = Scores(model.Weights);
            long[] users = [.. Enumerable.Range(0, UserCount * ItemCount).Select(pair => (long)pair / ItemCount)];
            long[] items = [.. Enumerable.Range(0, users.Length).Select(pair => (long)pair % ItemCount)];
            using (InferenceSession scorer = Session(model, "pair_scorer.onnx"))
            {
                AssertClose(expected, Run(scorer, ("user_index", users), ("item_index", items)));
                Assert.Equal([float.NaN, float.NaN], Run(scorer, ("user_index", new long[] { -1, 0 }), ("item_index", new long[] { 0, -1 })));
            }

            using InferenceSession byId = Session(model, "pair_scorer_by_id.onnx");
            Array Ids(IdTable ids, long[] indexes) => ids.IdsOf(Array.ConvertAll(indexes, index => (int)index));
            AssertClose(expected, Run(byId, ("user_id", Ids(model.Users, users)), ("item_id", Ids(model.Items, items))));
            Array unknown = texts ? new[] { "nobody" } : new[] { -100L };
            Assert.Equal([float.NaN], Run(byId, ("user_id", unknown), ("item_id", Ids(model.Items, [0]))));
        }
    }

    /// <summary>The logit of every pair is the product of what the user encoder makes of the user's pool and the item's vector.</summary>
    [Theory]
    [InlineData("history")]
    [InlineData("history, gmf")]
    [InlineData("history with MLP")]
    [InlineData("history with MLP, no lags")]
    public void TheUserEncoderMakesTheVectorsOfUsersAndOfSessions(string name)
    {
        TrainedModel model = Model(All[name], texts: false);
        ModelWeights weights = model.Weights;
        int length = weights.Options.History.Length;
        using InferenceSession encoder = Session(model, "user_encoder.onnx"), table = Session(model, "item_vectors.onnx");
        float[] items = Run(table, ("item_index", Enumerable.Range(0, ItemCount).Select(item => (long)item).ToArray()));
        int size = items.Length / ItemCount;
        foreach (bool known in new[] { true, false })
        {
            if (!known) foreach (Weight own in weights.UserTables) own.Values.Clear(); // the twin of somebody who is not known
            float[] features = new float[UserCount * TemporalFeatures.Count];
            for (int user = 0; user < UserCount; user++)
            {
                TemporalFeatureBits.Unpack(weights.Pools!.TemporalFeatures_U[user], features.AsSpan(user * TemporalFeatures.Count, TemporalFeatures.Count));
            }

            long[] who = [.. Enumerable.Range(0, UserCount).Select(user => known ? (long)user : -1)];
            var inputs = new List<(string, Array)> { ("user_index", who), ("items", Array.ConvertAll(weights.Pools!.Items_UK, item => (long)item)) };
            if (weights.Options.HasTemporalFeatures) inputs.Add(("temporal_features", features));
            float[] users = Run(encoder, [.. inputs]);
            float[] scores = [.. Enumerable.Range(0, UserCount * ItemCount).Select(pair => (float)(1 / (1 + Math.Exp(-Enumerable.Range(0, size)
                .Sum(k => (double)users[pair / ItemCount * size + k] * items[pair % ItemCount * size + k])))))];
            AssertClose(Scores(weights), scores);
            Assert.Equal(UserCount * length, weights.Pools.Items_UK.Length);
        }
    }

    [Property(MaxTest = 30)]
    public void RandomModelsAreScoredAlike(PositiveInt kind, PositiveInt size, bool relu, bool biases, int seed)
    {
        ModelOptions options = Models.Options(Models.Kinds[kind.Get % Models.Kinds.Length], relu ? Activation.Relu : Activation.None, biases)
            with { EmbeddingSize = 1 + size.Get % 40 };
        TrainedModel model = Model(options, texts: false, seed);
        using InferenceSession scorer = Session(model, "pair_scorer.onnx");
        long[] pairs = [.. Enumerable.Range(0, ItemCount).Select(item => (long)item)];
        AssertClose(Scores(model.Weights)[..ItemCount], Run(scorer, ("user_index", new long[ItemCount]), ("item_index", pairs)));
    }

    /// <summary>The ten lines of jobs/README.md, by TorchSharp, over the files that a model's directory holds.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void TheLinesForPyTorchGiveTheScores(int shards)
    {
        TrainedModel model = Model(All["history"], texts: false);
        string directory = Directory.CreateTempSubdirectory("ncfspark-pytorch-").FullName;
        try
        {
            model.Write(directory, shards);
            (double decay, double factor) = (model.Weights.Options.History.Decay, model.Weights.Options.History.Factor);
            Dictionary<string, Tensor> Load(string file) => Safetensors.Read(Path.Combine(directory, file)).Tensors.ToDictionary(one => one.Key, one =>
                (one.Value.Type == "F32" ? tensor(one.Value.Floats.ToArray()) : tensor(one.Value.Integers.ToArray())).reshape(one.Value.Shape));
            Dictionary<string, Tensor> w = Load(TrainedModel.SharedFile);
            Dictionary<string, Tensor>[] parts = [.. Enumerable.Range(0, shards).Select(s => Load(TrainedModel.UserFile(s)))];
            Tensor Users(string name)
            {
                Tensor table = empty(UserCount, parts[0][name].shape[1], parts[0][name].dtype);
                for (int s = 0; s < shards; s++) table[TensorIndex.Slice(s, null, shards)] = parts[s][name];
                return table;
            }

            Tensor pool = Users("user_history"), none = tensor(0L), present = pool.ge(none);
            Tensor share = tensor(Enumerable.Range(0, (int)pool.shape[1]).Select(k => (float)(-k / decay)).ToArray()).exp() * present;
            share = share / share.sum(1, keepdim: true).maximum(tensor(1e-30f));
            Tensor rows = w["item_history.weight"].index_select(0, pool.maximum(none).reshape(-1)).reshape(UserCount, pool.shape[1], -1);
            Tensor u = Users("user_gmf.weight").Plus((share.unsqueeze(2) * rows).sum(1) * tensor((float)factor));
            Tensor scores = u.mm(w["item_gmf.weight"].t()).Plus(Users("user_bias.weight")).Plus(w["item_bias.weight"].t()).Plus(w["head.bias"]).sigmoid();
            AssertClose(Scores(model.Weights), [.. scores.contiguous().data<float>()]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Only a model without an MLP over pairs has vectors whose product is the logit, and only one with a history has a user encoder.</summary>
    [Theory]
    [InlineData("mf", "pair_scorer pair_scorer_by_id item_vectors")]
    [InlineData("neumf", "pair_scorer pair_scorer_by_id")]
    [InlineData("history, neumf", "pair_scorer pair_scorer_by_id")]
    [InlineData("history with MLP", "pair_scorer pair_scorer_by_id item_vectors user_encoder")]
    public void AModelHasTheFilesThatItsKindHas(string name, string files) =>
        Assert.Equal(files.Split(' ').Select(file => $"{file}.onnx"), OnnxModels.FilesOf(Model(All[name], texts: false)).Select(file => file.Name));

    private static TrainedModel Model(ModelOptions options, bool texts, long seed = 1)
    {
        int[] users = new int[UserCount], items = new int[ItemCount];
        IdTable Ids(int[] counts, string what) => texts
            ? new IdTable([.. counts.Select((_, index) => $"{what} {index}/ä")], counts)
            : new IdTable([.. counts.Select((_, index) => 3L * index - 4)], counts);
        return new TrainedModel(Models.Random(options, UserCount, ItemCount, seed), Ids(users, "user"), Ids(items, "item"));
    }

    private static float[] Scores(ModelWeights weights)
    {
        using var scorer = new FusedScorer(weights, SimdLevels.FromEnvironment());
        float[] scores = new float[UserCount * ItemCount];
        scorer.ScoreAll([.. Enumerable.Range(0, UserCount)], scores);
        return scores;
    }

    private static InferenceSession Session(TrainedModel model, string name)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL }; // of the errors that tests provoke
        return new InferenceSession(OnnxModels.FilesOf(model).Single(file => file.Name == name).Content, options);
    }

    private static float[] Run(InferenceSession session, params (string Name, Array Values)[] inputs)
    {
        NamedOnnxValue[] values = [.. inputs.Select(input =>
        {
            int[] shape = [.. session.InputMetadata[input.Name].Dimensions];
            shape[0] = input.Values.Length / shape[1..].Aggregate(1, (product, size) => product * size);
            return input.Values switch
            {
                long[] numbers => NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<long>(numbers, shape)),
                float[] numbers => NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<float>(numbers, shape)),
                _ => NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<string>((string[])input.Values, shape)),
            };
        })];
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run(values);
        return [.. outputs.Single().AsEnumerable<float>()];
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int pair = 0; pair < expected.Length; pair++) Assert.Equal(expected[pair], actual[pair], Tolerance);
    }
}
