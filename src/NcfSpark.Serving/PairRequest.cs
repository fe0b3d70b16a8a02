using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>
/// The pairs of a request to predict, in TensorFlow Serving's row or column format:
/// <code>
/// {"instances": [{"user_id": 42, "item_id": 296}, …]}          {"inputs": {"user_id": [42, …], "item_id": [296, …]}}
/// {"instances": [{"input_1": [0.0, 1.0, …], "input_2": [1.0, 0.0, …]}, …]}      one-hot, as the AWS sample sends them
/// </code>
/// An id may stand in a list of one, as clients of Keras models write it.
/// </summary>
internal sealed class PairRequest
{
    public const string User = "user_id", Item = "item_id", OneHotUser = "input_1", OneHotItem = "input_2";
    public const string ById = "serving_default", ByOneHot = "one_hot";

    private static readonly string[] names = [User, Item, OneHotUser, OneHotItem];

    private readonly ServedModel model;
    private readonly ServeOptions options;

    private PairRequest(ServedModel model, ServeOptions options) => (this.model, this.options) = (model, options);

    /// <summary>Indexes of users; -1 for an unknown one.</summary>
    public List<int> Users { get; } = [];

    /// <summary>Indexes of items; -1 for an unknown one.</summary>
    public List<int> Items { get; } = [];

    /// <summary>Whether pairs came as columns, so that the answer is one, too.</summary>
    public bool IsColumns { get; private set; }

    /// <summary>Whether they came as one-hot vectors, so that the answer holds probabilities alone.</summary>
    public bool IsOneHot { get; private set; }

    /// <exception cref="RefusedRequestException">The body is no such request.</exception>
    public static PairRequest Read(ReadOnlySpan<byte> body, ServedModel model, ServeOptions options)
    {
        var request = new PairRequest(model, options);
        RequestJson.Guarded(body, request.ReadRoot);
        return request;
    }

    /// <summary>One pair on each line, as JSON: {"user_id": 42, "item_id": 296}. Empty lines are passed over.</summary>
    /// <inheritdoc cref="Read"/>
    public static PairRequest ReadLines(ReadOnlySpan<byte> body, ServedModel model, ServeOptions options)
    {
        var request = new PairRequest(model, options);
        int number = 0;
        foreach (Range range in MemoryExtensions.Split(body, (byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = body[range].Trim(" \t\r"u8);
            if (line.IsEmpty) continue;
            int at = number;
            RequestJson.Guarded(line, (ref Utf8JsonReader reader) => request.ReadRow(ref reader, () => $"line {at}"), $"line {at}: ");
        }

        request.Check("the body");
        return request;
    }

    /// <summary>Pairs as text: user and item, the line ends after them. A first line user_id,item_id is passed over.</summary>
    /// <inheritdoc cref="Read"/>
    public static PairRequest ReadCsv(ReadOnlySpan<byte> body, ServedModel model, ServeOptions options)
    {
        var request = new PairRequest(model, options);
        int number = 0;
        foreach (string text in RequestJson.TextOf(body).Split('\n'))
        {
            number++;
            string line = text.Trim().TrimStart('\ufeff');
            if (line.Length == 0 || (number == 1 && line.Replace("\"", "", StringComparison.Ordinal) == $"{User},{Item}")) continue;
            string[] fields = line.Split(',');
            if (fields.Length != 2)
            {
                throw RefusedRequestException.Bad($"line {number}: there are {fields.Length} fields where a user's and an item's id are wanted.");
            }

            request.Users.Add(model.Model.Users.Find(Unquoted(fields[0])));
            request.Items.Add(model.Model.Items.Find(Unquoted(fields[1])));
            request.CheckBatch(request.Users.Count);
        }

        request.Check("the body");
        return request;
    }

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        RequestJson.Expect(ref reader, JsonTokenType.StartObject, () => "The body");
        string? format = null, signature = null;
        while (RequestJson.NextProperty(ref reader, out string name))
        {
            if (name == "signature_name")
            {
                signature = RequestJson.Text(ref reader, name);
                continue;
            }

            if (name is not ("instances" or "inputs")) throw RefusedRequestException.Unknown("The key", name, "instances", "inputs", "signature_name");
            if (format is not null) throw RefusedRequestException.Bad($"The body has {format} and {name}: send rows as instances, or columns as inputs.");
            format = name;
            if (name == "instances") ReadRows(ref reader);
            else ReadColumns(ref reader);
        }

        if (format is null)
        {
            throw RefusedRequestException.Bad("The body has neither instances nor inputs: send {\"instances\": [{\"user_id\": …, \"item_id\": …}]}.");
        }

        Check(format);
        if (signature is null or ById || (signature == ByOneHot && IsOneHot)) return;
        throw signature == ByOneHot
            ? RefusedRequestException.Bad($"signature_name is {ByOneHot}, whose inputs are {OneHotUser} and {OneHotItem}.")
            : RefusedRequestException.Unknown("Serving signature key", signature, ById, ByOneHot);
    }

    private void ReadRows(ref Utf8JsonReader reader)
    {
        RequestJson.Expect(ref reader, JsonTokenType.StartArray, () => "instances");
        for (int row = 0; RequestJson.NextElement(ref reader); row++)
        {
            int at = row;
            ReadRow(ref reader, () => $"instances[{at}]");
        }
    }

    private void ReadRow(ref Utf8JsonReader reader, Func<string> where)
    {
        RequestJson.Expect(ref reader, JsonTokenType.StartObject, where);
        (int? user, int? item, bool? oneHot) = (null, null, null);
        while (RequestJson.NextProperty(ref reader, out string name))
        {
            bool isOneHot = IsOneHotName(name, () => $"{where()}: the input");
            if (oneHot is { } other && other != isOneHot) throw RefusedRequestException.Bad($"{where()} has ids and one-hot vectors: send one of them.");
            oneHot = isOneHot;
            IdTable ids = TableOf(name);
            int index = isOneHot
                ? OneHot(ref reader, ids, () => $"{where()}.{name}")
                : RequestJson.Index(ref reader, ids, () => $"{where()}.{name}");
            if (name is User or OneHotUser) user = index;
            else item = index;
        }

        if (user is null || item is null)
        {
            string missing = oneHot == true ? user is null ? OneHotUser : OneHotItem : user is null ? User : Item;
            throw RefusedRequestException.Bad($"{where()} has no {missing}.");
        }

        if (Users.Count > 0 && IsOneHot != oneHot) throw RefusedRequestException.Bad($"{where()} has other inputs than the rows before it.");
        IsOneHot = oneHot == true;
        Users.Add(user.Value);
        Items.Add(item.Value);
        CheckBatch(Users.Count);
    }

    private void ReadColumns(ref Utf8JsonReader reader)
    {
        IsColumns = true;
        RequestJson.Expect(ref reader, JsonTokenType.StartObject, () => "inputs");
        bool? oneHot = null;
        while (RequestJson.NextProperty(ref reader, out string name))
        {
            bool isOneHot = IsOneHotName(name, () => "inputs: the input");
            if (oneHot is { } other && other != isOneHot) throw RefusedRequestException.Bad("inputs has ids and one-hot vectors: send one of them.");
            IsOneHot = (oneHot = isOneHot).Value;
            RequestJson.Expect(ref reader, JsonTokenType.StartArray, () => $"inputs.{name}");
            (IdTable ids, List<int> column) = (TableOf(name), name is User or OneHotUser ? Users : Items);
            column.Clear(); // of a name that stands there twice the last counts, as everywhere in JSON
            for (int row = 0; RequestJson.NextElement(ref reader); row++)
            {
                int at = row;
                column.Add(isOneHot
                    ? OneHot(ref reader, ids, () => $"inputs.{name}[{at}]")
                    : RequestJson.Index(ref reader, ids, () => $"inputs.{name}[{at}]"));
                CheckBatch(column.Count);
            }
        }

        if (Users.Count == Items.Count) return;
        (string users, string items) = IsOneHot ? (OneHotUser, OneHotItem) : (User, Item);
        throw RefusedRequestException.Bad($"inputs.{users} has {Users.Count} rows and inputs.{items} {Items.Count}: each pair is a row of both.");
    }

    private int OneHot(ref Utf8JsonReader reader, IdTable ids, Func<string> where)
    {
        RequestJson.Expect(ref reader, JsonTokenType.StartArray, where);
        int found = -1, width = 0;
        for (; RequestJson.NextElement(ref reader); width++)
        {
            if (reader.TokenType == JsonTokenType.Number && reader.ValueSpan is [(byte)'0'] or [(byte)'0', (byte)'.', (byte)'0']) continue;
            double value = reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double number) ? number : double.NaN;
            if (value == 0) continue;
            if (value != 1) throw RefusedRequestException.Bad($"{where()}[{width}] is neither 0 nor 1: a one-hot vector has one 1.");
            if (found >= 0) throw RefusedRequestException.Bad($"{where()} has a 1 at {found} and at {width}: a one-hot vector has one 1.");
            found = width;
        }

        if (width == 0) throw RefusedRequestException.Bad($"{where()} is empty: a one-hot vector has a number for each user or item.");
        if ((options.OneHot ?? (ids.IsNumeric ? OneHotPosition.Id : OneHotPosition.Index)) == OneHotPosition.Id) return found < 0 ? -1 : ids.Find((long)found);
        return width == ids.Count ? found : throw RefusedRequestException.Bad($"{where()} has {width} numbers where the model has {ids.Count}.");
    }

    private static bool IsOneHotName(string name, Func<string> where) => name switch
    {
        User or Item => false,
        OneHotUser or OneHotItem => true,
        _ => throw RefusedRequestException.Unknown(where(), name, names),
    };

    private IdTable TableOf(string name) => name is User or OneHotUser ? model.Model.Users : model.Model.Items;

    private static string Unquoted(string field)
    {
        string text = field.Trim();
        return text is ['"', .., '"'] ? text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : text;
    }

    private void CheckBatch(int count)
    {
        if (count > options.MaxBatch)
        {
            throw RefusedRequestException.Bad($"There are more than {options.MaxBatch} pairs (Serve:MaxBatch): send them in several requests.");
        }
    }

    private void Check(string part)
    {
        if (Users.Count == 0) throw RefusedRequestException.Bad($"{part} holds no pair.");
    }
}
