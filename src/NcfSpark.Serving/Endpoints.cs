using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Serving;

/// <summary>
/// What can be asked. TensorFlow Serving's REST interface (https://www.tensorflow.org/tfx/serving/api_rest) and SageMaker's container contract
/// (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html) for pairs; lists of users, items and sessions beside them.
/// An answer is made whole before a byte of it is sent, so a failure is always told by its status.
/// </summary>
internal sealed class Endpoints(Production production, Admission admission, ServingMetrics metrics, ServeOptions options, CancellationToken stopping)
{
    public const string NightHeader = "NcfSpark-Night", ModelName = "ncf";

    private const string Models = $"/v1/models/{ModelName}";
    private const int DefaultSimilar = 10, LargestKept = 1 << 20;

    private static readonly JsonWriterOptions relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly byte[] description = Resource("openapi.json");

    private readonly ConcurrentBag<ArrayBufferWriter<byte>> buffers = []; // that no request is using

    internal delegate void Write(ServedModel model, Utf8JsonWriter json);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Models, context => AnswerAsync(context, WriteStatus));
        routes.MapGet(Models + "/metadata", context => AnswerAsync(context, WriteMetadata));
        routes.MapPost(Models + ":predict", PredictAsync);
        routes.MapGet(Models + "/versions/{version}", context => AnswerAsync(context, WriteStatus));
        routes.MapGet(Models + "/versions/{version}/metadata", context => AnswerAsync(context, WriteMetadata));
        routes.MapPost(Models + "/versions/{version}:predict", PredictAsync);
        routes.MapGet("/v1/users/{id}/recommendations", RecommendAsync);
        routes.MapGet("/v1/items/{id}/similar", SimilarAsync);
        routes.MapPost("/v1/recommendations", RecommendSessionAsync);
        routes.MapPost("/invocations", InvokeAsync);
        routes.MapGet("/ping", ReadyAsync);
        routes.MapGet("/healthz", context => TextAsync(context, "ok\n", "text/plain"));
        routes.MapGet("/readyz", ReadyAsync);
        routes.MapGet("/metrics", MetricsAsync);
        routes.MapGet("/openapi.json", context => SendAsync(context, description, "application/json"));
    }

    private async Task PredictAsync(HttpContext context)
    {
        using Body body = await admission.ReadBodyAsync(context);
        await AnswerAsync(context, (model, json) => WritePredictions(model, PairRequest.Read(body.Bytes, model, options), json));
    }

    private async Task RecommendSessionAsync(HttpContext context)
    {
        using Body body = await admission.ReadBodyAsync(context);
        await AnswerAsync(context, (model, json) => WriteSession(model, SessionRequest.Read(body.Bytes, model, options), json));
    }

    private Task RecommendAsync(HttpContext context) => AnswerAsync(context, (model, json) =>
    {
        string? list = context.Request.Query["list"].FirstOrDefault();
        int user = model.Model.Users.Find(IdOf(context)), k = K(context.Request.Query, Math.Min(model.UsualK(list), options.MaxK));
        (TopLists best, string source) = model.Recommend(user, k, list);
        WriteList(model, user, source, unknownItems: 0, best, json);
    });

    private Task SimilarAsync(HttpContext context) => AnswerAsync(context, (model, json) =>
    {
        string id = IdOf(context);
        int usual = model.Score.SimilarItems > 0 ? model.Score.SimilarItems : DefaultSimilar, item = model.Model.Items.Find(id);
        int k = K(context.Request.Query, Math.Min(usual, options.MaxK));
        if (item < 0)
        {
            throw new RefusedRequestException(404,
                $"{model.Night} knows no item '{ShownText.Of(id)}'; items look like '{ShownText.Of(model.Model.Items.TextOf(0))}'.");
        }

        TopLists best = model.SimilarTo(item, k);
        json.WriteStartObject();
        json.WritePropertyName(PairRequest.Item);
        WriteId(json, model.Model.Items, item);
        json.WriteString("night", model.Night);
        WriteItems(model, "similar", best, json);
        json.WriteEndObject();
    });

    // SageMaker has this one way in: pairs, or a request for recommendations.
    private async Task InvokeAsync(HttpContext context)
    {
        string type = (context.Request.ContentType ?? "application/json").Split(';')[0].Trim().ToLowerInvariant();
        if (type is not ("application/json" or "application/jsonlines" or "application/x-jsonlines" or "text/csv"))
        {
            throw new RefusedRequestException(
                415, $"Content-Type '{ShownText.Of(type)}' is not read: send application/json, application/jsonlines or text/csv.");
        }

        using Body body = await admission.ReadBodyAsync(context);
        if (type == "application/json" && SessionRequest.IsOne(body.Bytes))
        {
            await AnswerAsync(context, (model, json) => WriteSession(model, SessionRequest.Read(body.Bytes, model, options), json));
            return;
        }

        string accept = context.Request.Headers.Accept.ToString();
        string lines = accept.Contains("jsonlines", StringComparison.OrdinalIgnoreCase) ? "application/jsonlines"
            : accept.Contains("text/csv", StringComparison.OrdinalIgnoreCase) ? "text/csv"
            : "";
        await ComputeAsync(context, lines.Length > 0 ? lines : "application/json", (model, buffer) =>
        {
            PairRequest request = type switch
            {
                "text/csv" => PairRequest.ReadCsv(body.Bytes, model, options),
                "application/json" => PairRequest.Read(body.Bytes, model, options),
                _ => PairRequest.ReadLines(body.Bytes, model, options),
            };
            if (lines.Length > 0)
            {
                WriteLines(model, request, asCsv: lines == "text/csv", buffer);
                return;
            }

            using var json = new Utf8JsonWriter(buffer, relaxed);
            WritePredictions(model, request, json);
        });
    }

    private Task ReadyAsync(HttpContext context)
    {
        if (stopping.IsCancellationRequested) context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return TextAsync(context, stopping.IsCancellationRequested ? "stopping\n" : "ready\n", "text/plain");
    }

    private Task MetricsAsync(HttpContext context)
    {
        ServedModel model = production.Hold();
        try
        {
            return TextAsync(context, metrics.Text(production, model), "text/plain; version=0.0.4; charset=utf-8");
        }
        finally
        {
            model.Release();
        }
    }

    private static void WriteStatus(ServedModel model, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("model_version_status");
        json.WriteStartObject();
        json.WriteString("version", $"{model.Version}");
        json.WriteString("state", "AVAILABLE");
        json.WriteStartObject("status");
        json.WriteString("error_code", "OK");
        json.WriteString("error_message", "");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMetadata(ServedModel model, Utf8JsonWriter json)
    {
        IdTable users = model.Model.Users, items = model.Model.Items;
        string TypeOf(IdTable ids) => ids.IsNumeric ? "DT_INT64" : "DT_STRING";
        (string Name, object Info) Tensor(string name, string type, params int[] shape) => (name, new
        {
            dtype = type,
            tensor_shape = new { dim = shape.Select(size => new { size = $"{size}", name = "" }), unknown_rank = false },
            name,
        });
        object Signature((string Name, object Info)[] inputs, (string Name, object Info)[] outputs) => new
        {
            inputs = inputs.ToDictionary(tensor => tensor.Name, tensor => tensor.Info),
            outputs = outputs.ToDictionary(tensor => tensor.Name, tensor => tensor.Info),
            method_name = "tensorflow/serving/predict",
        };
        JsonSerializer.Serialize(json, new
        {
            model_spec = new { name = ModelName, signature_name = "", version = $"{model.Version}" },
            metadata = new
            {
                signature_def = new
                {
                    signature_def = new Dictionary<string, object>
                    {
                        [PairRequest.ById] = Signature(
                            [Tensor(PairRequest.User, TypeOf(users), -1), Tensor(PairRequest.Item, TypeOf(items), -1)],
                            [Tensor("score", "DT_FLOAT", -1), Tensor("prediction", "DT_INT32", -1), Tensor("source", "DT_STRING", -1)]),
                        [PairRequest.ByOneHot] = Signature(
                            [Tensor(PairRequest.OneHotUser, "DT_FLOAT", -1, users.Count), Tensor(PairRequest.OneHotItem, "DT_FLOAT", -1, items.Count)],
                            [Tensor("score", "DT_FLOAT", -1, 1)]),
                    },
                },
                ncfspark = new { night = model.Night, users = users.Count, items = items.Count, lists = model.Lists },
            },
        });
    }

    private static void WritePredictions(ServedModel model, PairRequest request, Utf8JsonWriter json)
    {
        (float[] scores, string[] sources) = model.ScorePairs(request.Users, request.Items);
        json.WriteStartObject();
        json.WritePropertyName(request.IsColumns ? "outputs" : "predictions");
        if (request.IsColumns && !request.IsOneHot)
        {
            json.WriteStartObject();
            json.WriteStartArray("score");
            foreach (float score in scores) WriteScore(json, score);
            json.WriteEndArray();
            json.WriteStartArray("prediction");
            foreach (float score in scores) json.WriteNumberValue(PredictionOf(model, score));
            json.WriteEndArray();
            json.WriteStartArray("source");
            foreach (string source in sources) json.WriteStringValue(source);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray();
            for (int pair = 0; pair < scores.Length; pair++)
            {
                if (request.IsOneHot)
                {
                    json.WriteStartArray();
                    WriteScore(json, scores[pair]);
                    json.WriteEndArray();
                }
                else
                {
                    WritePrediction(model, scores[pair], sources[pair], json);
                }
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteLines(ServedModel model, PairRequest request, bool asCsv, ArrayBufferWriter<byte> buffer)
    {
        (float[] scores, string[] sources) = model.ScorePairs(request.Users, request.Items);
        for (int pair = 0; pair < scores.Length; pair++)
        {
            if (asCsv)
            {
                string line = $"{scores[pair].ToString("R", CultureInfo.InvariantCulture)},{PredictionOf(model, scores[pair])},{sources[pair]}\n";
                buffer.Write(Encoding.UTF8.GetBytes(line));
                continue;
            }

            using (var json = new Utf8JsonWriter(buffer, relaxed)) WritePrediction(model, scores[pair], sources[pair], json);
            buffer.Write("\n"u8);
        }
    }

    private static void WritePrediction(ServedModel model, float score, string source, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("score");
        WriteScore(json, score);
        json.WriteNumber("prediction", PredictionOf(model, score));
        json.WriteString("source", source);
        json.WriteEndObject();
    }

    private void WriteSession(ServedModel model, SessionRequest request, Utf8JsonWriter json)
    {
        int k = Checked(request.K ?? Math.Min(model.UsualK(request.List), options.MaxK));
        (TopLists best, string source) = model.Recommend(request.User, request.Items, k, request.List);
        WriteList(model, request.User, source, request.UnknownItems, best, json);
    }

    private static void WriteList(ServedModel model, int user, string source, int unknownItems, TopLists best, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (user >= 0)
        {
            json.WritePropertyName(PairRequest.User);
            WriteId(json, model.Model.Users, user);
        }

        json.WriteString("source", source);
        json.WriteString("night", model.Night);
        if (unknownItems > 0) json.WriteNumber("unknown_items", unknownItems);
        WriteItems(model, "recommendations", best, json);
        json.WriteEndObject();
    }

    private static void WriteItems(ServedModel model, string name, TopLists best, Utf8JsonWriter json)
    {
        json.WriteStartArray(name);
        for (int place = 0; place < best.Items(0).Length; place++)
        {
            json.WriteStartObject();
            json.WritePropertyName(PairRequest.Item);
            WriteId(json, model.Model.Items, best.Items(0)[place]);
            json.WriteNumber("rank", place + 1);
            json.WritePropertyName("score");
            WriteScore(json, best.Scores(0)[place]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteId(Utf8JsonWriter json, IdTable ids, int index)
    {
        if (ids.IsNumeric) json.WriteNumberValue(ids.Numbers[index]);
        else json.WriteStringValue(ids.Texts[index]);
    }

    private static void WriteScore(Utf8JsonWriter json, float score)
    {
        if (float.IsFinite(score)) json.WriteNumberValue(score);
        else json.WriteNullValue(); // JSON has no other word for it
    }

    private static int PredictionOf(ServedModel model, float score) => score >= model.Score.Threshold ? 1 : 0;

    // Routing leaves an encoded slash as it is.
    internal static string IdOf(HttpContext context) => $"{context.Request.RouteValues["id"]}".Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private int K(IQueryCollection query, int otherwise) => query["k"] is [_, ..] given
        ? int.TryParse(given.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int k)
            ? Checked(k)
            : throw RefusedRequestException.Bad($"k is '{ShownText.Of(given.ToString())}': give a whole number from 1 to {options.MaxK}.")
        : otherwise;

    private int Checked(int k) => k >= 1 && k <= options.MaxK
        ? k
        : throw RefusedRequestException.Bad($"k is not a whole number from 1 to {options.MaxK} (Serve:MaxK).");

    internal Task AnswerAsync(HttpContext context, Write write) => ComputeAsync(context, "application/json", (model, buffer) =>
    {
        using var json = new Utf8JsonWriter(buffer, relaxed);
        write(model, json);
    });

    private async Task ComputeAsync(HttpContext context, string type, Action<ServedModel, ArrayBufferWriter<byte>> write)
    {
        if (!buffers.TryTake(out ArrayBufferWriter<byte>? buffer)) buffer = new ArrayBufferWriter<byte>(4096);
        using (RateLimitLease turn = await admission.TurnAsync(context))
        {
            ServedModel model = production.Hold();
            try
            {
                if (context.Request.RouteValues["version"] is { } version && $"{version}" != $"{model.Version}")
                {
                    throw new RefusedRequestException(404,
                        $"Version {ShownText.Of($"{version}")} of {ModelName} is not served; version {model.Version} ({model.Night}) is.");
                }

                context.Response.Headers[NightHeader] = model.Night;
                write(model, buffer);
            }
            finally
            {
                model.Release();
            }
        }

        await SendAsync(context, buffer.WrittenMemory, type);
        if (buffer.Capacity > LargestKept) return;
        buffer.ResetWrittenCount();
        buffers.Add(buffer);
    }

    private static Task TextAsync(HttpContext context, string text, string type) => SendAsync(context, Encoding.UTF8.GetBytes(text), type);

    internal static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string type)
    {
        (context.Response.ContentType, context.Response.ContentLength) = (type, bytes.Length);
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    internal static byte[] Resource(string name)
    {
        using Stream stream = typeof(Endpoints).Assembly.GetManifestResourceStream(name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
