using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Model.Onnx;
using NcfSpark.Nightly;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Serving.Tests;

/// <summary>
/// Vectors in the layouts of other tools. The law: what is imported scores as the model whose vectors they are, by every stage and by the server.
/// </summary>
[Collection(SampleRuns.Name)]
public sealed class ImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-import-").FullName;
    private readonly HistoryRun history;
    private readonly TrainedModel model;
    private readonly PairVectors vectors;
    private readonly DuckDbEngine engine = new(new DuckDbOptions());

    public ImportTests(HistoryRun history)
    {
        this.history = history;
        history.Nights.PutInProduction(SampleRun.First);
        model = history.ModelOf(SampleRun.First);
        vectors = new PairVectors(model.Weights);
        ModelExport.Write(history.Nights.Path, ExportFormat.Parquet, File("vectors"));
        foreach (string side in new[] { "user", "item" })
        {
            engine.ReadParquet($"{side}s", [File($"vectors/{side}_vectors.parquet")]);
            Write($"{side}Factors", $"SELECT CAST({side}_id AS INTEGER) AS id, vector AS features FROM {side}s");
        }
    }

    private ImportOptions Als => new() { UsersPath = File("userFactors"), ItemsPath = File("itemFactors") };

    public void Dispose()
    {
        engine.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task ALayoutOfSparkAlsIsMeasuredScoredAndServedAsTheModelThatItCameFrom()
    {
        NcfSparkConfiguration settings = Settings(Als);
        string run = File("run");
        JobContext job = Job(settings, run);
        var pipeline = new StagePipeline(job);
        StageDirectory prepared = pipeline.Make(new PrepareStage(job)), imported = pipeline.Make(new TrainStage(settings, prepared));
        AssertSameScores(TrainedModel.Read(imported));
        StageDirectory report = pipeline.Make(new EvaluateStage(settings, prepared, imported));
        Assert.Contains("NDCG@", EvaluateStage.Headline(report), StringComparison.Ordinal);
        pipeline.Make(new ScoreStage(settings, prepared, imported));
        pipeline.Open(new TrainStage(settings, prepared)); // as the verbs open it
        JobContext serving = job with { Configuration = settings with { Serve = SampleRun.Options } };
        await using ServingHost host = ServingHost.Start(serving, new System.Collections.Hashtable());
        using var client = new Client(host);
        JsonElement list = await client.GetAsync("/v1/users/10/recommendations?k=3");
        Assert.Equal("model", list.GetProperty("source").GetString());
        Assert.Equal(3, list.GetProperty("recommendations").GetArrayLength());
    }

    [Fact]
    public void LayoutsOfLightFmAndImplicitAreReadByIndex()
    {
        // LightFM has embeddings and biases. Ours are the last two numbers of the vectors, which are split off here.
        int size = vectors.Size - 2;
        float[] Embeddings(float[] from, int count) => [.. Enumerable.Range(0, count * size).Select(k => from[k / size * vectors.Size + k % size])];
        float[] Biases(float[] from, int count, int last) => [.. Enumerable.Range(0, count).Select(row => from[(row + 1) * vectors.Size - last])];
        (int users, int items) = (model.Users.Count, model.Items.Count);
        (float[] userBiases, float[] itemBiases) = (Biases(vectors.Users_UD, users, 1), Biases(vectors.Items_ID, items, 2));
        Safetensors.Write(File("lightfm.safetensors"),
        [
            new StoredTensor("user_embeddings", Embeddings(vectors.Users_UD, users), users, size), new StoredTensor("user_biases", userBiases, users),
            new StoredTensor("item_embeddings", Embeddings(vectors.Items_ID, items), items, size), new StoredTensor("item_biases", itemBiases, items, 1),
        ]);
        string both = File("lightfm.safetensors");
        AssertSameScores(Import(new ImportOptions { UsersPath = both, ItemsPath = both, Ids = ImportedIds.Index }));
        using (ZipArchive archive = ZipFile.Open(File("implicit.npz"), ZipArchiveMode.Create))
        {
            AddArray(archive, "user_factors", "<f4", vectors.Users_UD, $"({users}, {vectors.Size})");
            AddArray(archive, "item_factors", "<f4", vectors.Items_ID, $"({items}, {vectors.Size})");
            AddArray(archive, "regularization", "<f8", [], "()");
        }

        AssertSameScores(Import(new ImportOptions { UsersPath = File("implicit.npz"), ItemsPath = File("implicit.npz"), Ids = ImportedIds.Index }));
    }

    [Fact]
    public void WhoHasNoVectorCountsAsNotTrainedOnWhereThatIsAllowed()
    {
        Write("fewUsers", "SELECT CAST(user_id AS INTEGER) AS id, vector AS features FROM users WHERE user_id <> 10 "
            + "UNION ALL SELECT 99999, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]");
        Write("fewItems", "SELECT CAST(item_id AS INTEGER) AS id, vector AS features FROM items WHERE item_id <> 1");
        ImportOptions few = new() { UsersPath = File("fewUsers"), ItemsPath = File("fewItems") };
        string message = Refusal(few);
        Assert.Contains("1 of 60 users have no vector, such as 10; 1 ids are no user of the prepared data, such as id 99999", message,
            StringComparison.Ordinal);
        TrainedModel imported = Import(few with { AllowMissing = true });
        Assert.Equal(0, imported.Users.Interactions[imported.Users.Find(10)]);
        using ISessionScorer scorer = Scorers.Of(imported.Weights);
        float[] scores = new float[imported.Items.Count];
        scorer.ScoreAll([0], scores);
        Assert.Equal(0, scores[imported.Items.Find(1)]);
        Assert.Equal(1, scores.Count(score => score == 0));
    }

    [Theory]
    [InlineData("SELECT user_id AS id, CASE WHEN user_id = 10 THEN vector[1:4] ELSE vector END AS features FROM users",
        "the vector of id 10 has 4 numbers, others have 10")]
    [InlineData("SELECT user_id AS id, CASE WHEN user_id = 10 THEN NULL ELSE vector END AS features FROM users", "the vector of id 10 has no numbers")]
    [InlineData("SELECT user_id AS id, list_transform(vector, lambda x: CASE WHEN user_id = 10 THEN 'nan' ELSE x END) AS features FROM users",
        "number 1 of the vector of id 10 is no finite number")]
    [InlineData("SELECT user_id AS id, list_concat(vector, [1]) AS features FROM users", "Vectors of users have 11 numbers")]
    [InlineData("SELECT user_id AS id, vector AS feature FROM users", "has no column features (Import:VectorColumn); did you mean feature?")]
    [InlineData("SELECT user_id AS id, 1.5 AS features FROM users", "holds no lists of numbers")]
    [InlineData("SELECT user_id AS id, vector AS features FROM users UNION ALL SELECT 10, vector FROM users WHERE user_id = 1", "id 10 is there twice")]
    [InlineData("SELECT user_id + 5000000 AS id, vector AS features FROM users", "none of its 60 ids is a user of the prepared data")]
    [InlineData("SELECT user_id AS id, vector AS features FROM users WHERE false", "has no rows")]
    public void WhatIsWrongIsToldWithItsPlace(string users, string message)
    {
        Write("wrong", users);
        string told = Refusal(Als with { UsersPath = File("wrong") });
        Assert.Contains(message, told, StringComparison.Ordinal);
        Assert.Contains(File("wrong"), told, StringComparison.Ordinal);
        Assert.False(Directory.Exists(File("run/model")));
    }

    [Fact]
    public void FilesThatAreNoneOfTheseAreRefused()
    {
        foreach (string name in new[] { "a.npz", "a.safetensors", "a.parquet" })
        {
            System.IO.File.WriteAllText(File(name), "no such thing");
            Assert.Contains("cannot be read as", Refusal(Als with { ItemsPath = File(name) }), StringComparison.Ordinal);
        }

        Assert.Contains("is not there (Import:ItemsPath)", Refusal(Als with { ItemsPath = File("none") }), StringComparison.Ordinal);
        Safetensors.Write(File("b.safetensors"), [new StoredTensor("weights", new float[4], 2, 2)]);
        Assert.Contains("there are weights [2, 2] F32", Refusal(Als with { ItemsPath = File("b.safetensors") }), StringComparison.Ordinal);
    }

    private string File(string name) => Path.Combine(folder, name);

    private void Write(string name, string query)
    {
        Directory.CreateDirectory(File(name));
        engine.Execute($"COPY ({query}) TO '{File(name)}/part-00000.parquet' (FORMAT parquet)");
    }

    private static void AddArray(ZipArchive archive, string name, string type, float[] values, string shape)
    {
        using Stream stream = archive.CreateEntry($"{name}.npy").Open();
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes<float>(values)]);
    }

    private string Refusal(ImportOptions import) => Assert.Throws<InvalidInputException>(() => Import(import)).Message;

    private NcfSparkConfiguration Settings(ImportOptions import) => new()
    {
        Input = StageDirectory.Open(history.Nights.PathOf(SampleRun.First), PreparedData.StageName)
            .Manifest.Configuration["Input"].Deserialize<InputOptions>()!,
        Prepare = new PrepareOptions { Holdout = 3 },
        Import = import,
    };

    private TrainedModel Import(ImportOptions import)
    {
        NcfSparkConfiguration settings = Settings(import);
        JobContext job = Job(settings, File("run"));
        var pipeline = new StagePipeline(job);
        return TrainedModel.Read(pipeline.Make(new TrainStage(settings, pipeline.Make(new PrepareStage(job)))));
    }

    private static JobContext Job(NcfSparkConfiguration settings, string run) =>
        new(settings, run, SilentProgress.Instance, TextWriter.Null, TimeProvider.System, CancellationToken.None);

    private void AssertSameScores(TrainedModel imported)
    {
        Assert.Equal((model.Users.Count, model.Items.Count), (imported.Users.Count, imported.Items.Count));
        using ISessionScorer scorer = Scorers.Of(imported.Weights), twin = Scorers.Of(model.Weights);
        float[] scores = new float[model.Users.Count * model.Items.Count], expected = new float[scores.Length];
        int[] users = [.. Enumerable.Range(0, model.Users.Count)];
        scorer.ScoreAll(users, scores);
        twin.ScoreAll(users, expected);
        for (int pair = 0; pair < scores.Length; pair++) Assert.Equal(expected[pair], scores[pair], 1e-5);
    }
}
