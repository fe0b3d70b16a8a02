using System.Globalization;
using System.Net;
using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Serving.Tests;

/// <summary>
/// TensorFlow Serving's REST interface as https://www.tensorflow.org/tfx/serving/api_rest documents it, and what the AWS sample
/// (aws-samples/amazon-sagemaker-custom-recommender-system, model-training-notebook.ipynb) sends.
/// </summary>
[Collection(SampleRuns.Name)]
public sealed class PredictTests(HistoryRun history, RulesRun rules) : IAsyncLifetime, IDisposable
{
    private const string Predict = "/v1/models/ncf:predict";

    private ServingHost host = null!;
    private Client client = null!;

    public Task InitializeAsync()
    {
        history.Nights.PutInProduction(SampleRun.First);
        host = history.Serve();
        client = new Client(host);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task StatusAndMetadataAreTensorFlowServings()
    {
        const string Expected = """{"model_version_status":[{"version":"20261101000001","state":"AVAILABLE","status":"""
            + """{"error_code":"OK","error_message":""}}]}""";
        foreach (string path in new[] { "/v1/models/ncf", "/v1/models/ncf/versions/20261101000001" })
        {
            Assert.Equal(Expected, await client.Http.GetStringAsync(path));
            JsonElement metadata = await client.GetAsync($"{path}/metadata");
            Assert.Equal("ncf", metadata.GetProperty("model_spec").GetProperty("name").GetString());
            JsonElement signature = metadata.GetProperty("metadata").GetProperty("signature_def").GetProperty("signature_def").GetProperty("serving_default");
            Assert.Equal("DT_INT64", signature.GetProperty("inputs").GetProperty("user_id").GetProperty("dtype").GetString());
            Assert.Equal("tensorflow/serving/predict", signature.GetProperty("method_name").GetString());
        }

        Assert.Contains("is not served", await client.RefusalAsync(404, "/v1/models/ncf/versions/3"), StringComparison.Ordinal);
        Assert.Contains("is not served", await client.RefusalAsync(404, "/v1/models/ncf/versions/3:predict", """{"instances":[{"user_id":1,"item_id":1}]}"""),
            StringComparison.Ordinal);
        Assert.Contains("The model is ncf", await client.RefusalAsync(404, "/v1/models/other"), StringComparison.Ordinal);
        Assert.Contains("POST is", await client.RefusalAsync(405, Predict), StringComparison.Ordinal);
    }

    /// <summary>Every pair of known, untrained and unknown users and items, in rows and in columns, beside the scorer itself and the rule of `score`.</summary>
    [Fact]
    public async Task RowsAndColumnsAreScoredAsScoreScoresPairs()
    {
        TrainedModel model = Model();
        string[] users = [.. Enumerable.Range(0, model.Users.Count).Select(model.Users.TextOf).Append("0"), "nobody"];
        string[] items = [.. Enumerable.Range(0, model.Items.Count).Select(model.Items.TextOf).Append("0")];
        (string User, string Item)[] pairs = [.. users.SelectMany(user => items.Select(item => (user, item)))];
        JsonElement rows = await client.PostAsync(
            Predict, JsonSerializer.Serialize(new { instances = pairs.Select(pair => new { user_id = pair.User, item_id = new[] { pair.Item } }) }));
        var inputs = new { user_id = pairs.Select(pair => pair.User), item_id = pairs.Select(pair => pair.Item) };
        JsonElement columns = await client.PostAsync(Predict, JsonSerializer.Serialize(new { signature_name = "serving_default", inputs }));
        using var scorer = new FusedScorer(model.Weights, SimdLevels.FromEnvironment());
        foreach (((string user, string item), int place) in pairs.Select((pair, place) => (pair, place)))
        {
            JsonElement row = rows.GetProperty("predictions")[place];
            (int u, int i) = (model.Users.Find(user), model.Items.Find(item));
            float[] one = new float[1];
            if (u >= 0 && i >= 0) scorer.ScorePairs([u], [i], one);
            else if (i >= 0) one[0] = (float)model.Items.Interactions[i] / model.Users.Count;
            Assert.Equal(one[0], row.GetProperty("score").GetSingle());
            Assert.Equal(u >= 0 && i >= 0 ? Source.Model : Source.Popularity, row.GetProperty("source").GetString());
            Assert.Equal(one[0] >= 0.5 ? 1 : 0, row.GetProperty("prediction").GetInt32());
            foreach (string name in new[] { "score", "source", "prediction" })
            {
                Assert.Equal($"{row.GetProperty(name)}", $"{columns.GetProperty("outputs").GetProperty(name)[place]}");
            }
        }
    }

    /// <summary>As the sample's client does it, with its widths: tf.one_hot(id, depth=number of users), where an id beyond the depth is all zeros.</summary>
    [Fact]
    public async Task TheRequestOfTheAwsSampleGetsTheShapeOfItsResponseAndTheProbabilitiesOfItsIds()
    {
        TrainedModel model = Model();
        (int User, int Item)[] pairs = [(1, 1), (1, 4), (4, 1), (58, 37), (178, 118), (178, 1)]; // 178 and 118 are beyond the depths
        string body = $"{{\"instances\": [{string.Join(", ", pairs.Select(pair =>
            $"{{\"input_1\": {OneHot(pair.User, model.Users.Count)}, \"input_2\": {OneHot(pair.Item, model.Items.Count)}}}"))}]}}";
        JsonElement answer = await client.PostAsync(Predict, body), invoked = await client.PostAsync("/invocations", body);
        Assert.Equal($"{answer}", $"{invoked}");
        double[] predictions = [.. answer.GetProperty("predictions").EnumerateArray().Select(one => one[0].GetDouble())]; // [i[0] for i in pred['predictions']]
        JsonElement byId = await client.PostAsync(Predict, JsonSerializer.Serialize(new
        {
            instances = pairs.Select(pair => new
            {
                user_id = pair.User < model.Users.Count ? pair.User : -1,
                item_id = pair.Item < model.Items.Count ? pair.Item : -1,
            }),
        }));
        Assert.Equal(byId.GetProperty("predictions").EnumerateArray().Select(one => one.GetProperty("score").GetDouble()), predictions);
        JsonElement columns = await client.PostAsync(
            Predict, $"{{\"inputs\": {{\"input_2\": [{OneHot(4, 40)}], \"input_1\": [{OneHot(1, 60)}]}}, \"signature_name\": \"one_hot\"}}");
        Assert.Equal(predictions[1], columns.GetProperty("outputs")[0][0].GetDouble());
    }

    [Fact]
    public async Task PositionsAreIndexesWhereIdsAreTextsOrTheSettingSaysSo()
    {
        (SampleRun Run, ServeOptions Options)[] cases = [(rules, SampleRun.Options), (history, SampleRun.Options with { OneHot = OneHotPosition.Index })];
        foreach ((SampleRun run, ServeOptions options) in cases)
        {
            run.Nights.PutInProduction(SampleRun.First);
            await using ServingHost other = run.Serve(options);
            using var asked = new Client(other);
            TrainedModel model = run.ModelOf(SampleRun.First);
            string Body(int user, int item, int width) =>
                $"{{\"instances\": [{{\"input_1\": {OneHot(user, width)}, \"input_2\": {OneHot(item, model.Items.Count)}}}]}}";
            JsonElement answer = await asked.PostAsync(Predict, Body(5, 3, model.Users.Count));
            JsonElement byId = await asked.PostAsync(
                Predict, JsonSerializer.Serialize(new { instances = new[] { new { user_id = model.Users.TextOf(5), item_id = model.Items.TextOf(3) } } }));
            Assert.Equal(byId.GetProperty("predictions")[0].GetProperty("score").GetDouble(), answer.GetProperty("predictions")[0][0].GetDouble());
            Assert.Contains($"where the model has {model.Users.Count}", await asked.RefusalAsync(400, Predict, Body(5, 3, 7)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "JSON Parse error")]
    [InlineData("{", "JSON Parse error")]
    [InlineData("[1]", "The body is a list where an object")]
    [InlineData("null", "The body is null")]
    [InlineData("{}", "neither instances nor inputs")]
    [InlineData("{\"instances\": []}", "instances holds no pair")]
    [InlineData("{\"instances\": [1, 2]}", "instances[0] is a number where an object")]
    [InlineData("{\"instances\": {\"user_id\": 1}}", "instances is an object where a list")]
    [InlineData("{\"instances\": [{\"user_id\": 1}]}", "instances[0] has no item_id")]
    [InlineData("{\"instances\": [{\"usr_id\": 1, \"item_id\": 1}]}", "Did you mean user_id?")]
    [InlineData("{\"instances\": [{\"user_id\": null, \"item_id\": 1}]}", "instances[0].user_id is null")]
    [InlineData("{\"instances\": [{\"user_id\": [1, 2], \"item_id\": 1}]}", "more than one where one id")]
    [InlineData("{\"instances\": [{\"user_id\": 1, \"item_id\": 1, \"input_1\": [1]}]}", "ids and one-hot vectors")]
    [InlineData("{\"instances\": [{\"user_id\": 1, \"item_id\": 1}, {\"input_1\": [1], \"input_2\": [1]}]}", "other inputs than the rows before")]
    [InlineData("{\"instances\": [{\"input_1\": [0.5], \"input_2\": [1]}]}", "instances[0].input_1[0] is neither 0 nor 1")]
    [InlineData("{\"instances\": [{\"input_1\": [1, 0, 1], \"input_2\": [1]}]}", "has a 1 at 0 and at 2")]
    [InlineData("{\"instances\": [{\"input_1\": [], \"input_2\": [1]}]}", "is empty")]
    [InlineData("{\"instances\": [{\"user_id\": 1, \"item_id\": 1}], \"inputs\": {}}", "instances and inputs")]
    [InlineData("{\"inputs\": {\"user_id\": [1, 2], \"item_id\": [1]}}", "inputs.user_id has 2 rows and inputs.item_id 1")]
    [InlineData("{\"inputs\": {\"user_id\": 1, \"item_id\": 1}}", "inputs.user_id is a number where a list")]
    [InlineData("{\"instances\": [{\"user_id\": 1, \"item_id\": 1}], \"signature_name\": \"other\"}", "Serving signature key")]
    [InlineData("{\"instances\": [{\"user_id\": 1, \"item_id\": 1}], \"signature_name\": \"one_hot\"}", "whose inputs are input_1 and input_2")]
    [InlineData("{\"instances\": [{\"user_id\": \"\\ud800\", \"item_id\": 1}]}", "JSON Parse error")]
    [InlineData("{\"instances\": [{\"user_id\": 1, \"item_id\": 1}]} 2", "JSON Parse error")]
    public async Task WhatIsWrongIsToldWithItsPlace(string body, string message) =>
        Assert.Contains(message, await client.RefusalAsync(400, Predict, body), StringComparison.Ordinal);

    [Fact]
    public async Task InvocationsTakeJsonLinesAndCsvAndAnswerAsAccepted()
    {
        const string Json = """{"instances":[{"user_id":1,"item_id":4},{"user_id":0,"item_id":"7"}]}""";
        string expected = $"{await client.PostAsync("/invocations", Json)}";
        (string Body, string Type)[] same =
        [
            ("{\"user_id\":1,\"item_id\":4}\n\n{\"user_id\":0,\"item_id\":\"7\"}\n", "application/jsonlines"),
            ("1,4\r\n0,7\r\n", "text/csv"), ("user_id,item_id\n1,4\n0,\"7\"", "text/csv"),
        ];
        foreach ((string body, string type) in same)
        {
            using HttpResponseMessage answer = await client.Http.PostAsync("/invocations", Client.Content(body, type));
            Assert.Equal(expected, $"{await Client.ReadAsync(answer, HttpStatusCode.OK)}");
        }

        string[] lines = JsonSerializer.Deserialize<JsonElement>(expected).GetProperty("predictions").EnumerateArray().Select(one => $"{one}").ToArray();
        Assert.Equal($"{lines[0]}\n{lines[1]}\n", await Accepted("application/jsonlines"));
        string[] csv = (await Accepted("text/csv")).Split('\n');
        Assert.EndsWith(",model", csv[0], StringComparison.Ordinal);
        float score = JsonSerializer.Deserialize<JsonElement>(lines[1]).GetProperty("score").GetSingle();
        Assert.Equal(score, float.Parse(csv[1].Split(',')[0], CultureInfo.InvariantCulture));
        Assert.Equal($"{await client.PostAsync("/v1/recommendations", "{\"items\": [1]}")}", $"{await client.PostAsync("/invocations", "{\"items\": [1]}")}");
        Assert.Contains("line 2: there are 3 fields", await client.RefusalAsync(400, "/invocations", "1,2\n1,2,3", "text/csv"), StringComparison.Ordinal);
        Assert.Contains("line 2 has no item_id", await client.RefusalAsync(
            400, "/invocations", "{\"user_id\":1,\"item_id\":4}\n{\"user_id\":1}", "application/jsonlines"), StringComparison.Ordinal);
        Assert.Contains("is not read", await client.RefusalAsync(415, "/invocations", "x", "text/plain"), StringComparison.Ordinal);
        Assert.Equal("ready\n", await client.Http.GetStringAsync("/ping"));

        async Task<string> Accepted(string type)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/invocations") { Content = Client.Content(Json) };
            request.Headers.Accept.ParseAdd(type);
            using HttpResponseMessage answer = await client.Http.SendAsync(request);
            Assert.Equal(type, answer.Content.Headers.ContentType!.MediaType);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    // As json.dumps writes what tf.one_hot(…).tolist() gives.
    private static string OneHot(int position, int depth) =>
        $"[{string.Join(", ", Enumerable.Range(0, depth).Select(place => place == position ? "1.0" : "0.0"))}]";

    // As the server has it: pools are of all that users did, also what was held out.
    private TrainedModel Model()
    {
        ServedModel served = host.Production.Hold();
        served.Release();
        return served.Model;
    }
}
