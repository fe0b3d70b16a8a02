using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>
/// A request for recommendations in a session in progress: {"items": [296, 50], "user_id": 42, "k": 10, "list": "new"}. All but one of items and user_id
/// may be left out.
/// </summary>
internal sealed class SessionRequest
{
    private static readonly string[] keys = ["items", PairRequest.User, "k", "list"];

    /// <summary>Index of the user; -1 for an unknown one, or none.</summary>
    public int User { get; private set; } = -1;

    /// <summary>Indexes of the items that the model knows, each once, in the order of their last use.</summary>
    public List<int> Items { get; } = [];

    /// <summary>How many items the model does not know; they are passed over.</summary>
    public int UnknownItems { get; private set; }

    public int? K { get; private set; }

    public string? List { get; private set; }

    /// <summary>Whether a body asks for recommendations, rather than for the scores of pairs.</summary>
    public static bool IsOne(ReadOnlySpan<byte> body)
    {
        bool found = false;
        RequestJson.Guarded(body, (ref Utf8JsonReader reader) =>
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                while (RequestJson.NextProperty(ref reader, out string name))
                {
                    found |= name is "items" or PairRequest.User;
                    reader.Skip();
                }
            }
            else
            {
                reader.Skip();
            }
        });
        return found;
    }

    /// <exception cref="RefusedRequestException">The body is no such request.</exception>
    public static SessionRequest Read(ReadOnlySpan<byte> body, ServedModel model, ServeOptions options)
    {
        var request = new SessionRequest();
        RequestJson.Guarded(body, (ref Utf8JsonReader reader) => request.Read(ref reader, model, options));
        return request;
    }

    private void Read(ref Utf8JsonReader reader, ServedModel model, ServeOptions options)
    {
        RequestJson.Expect(ref reader, JsonTokenType.StartObject, () => "The body");
        bool asked = false;
        while (RequestJson.NextProperty(ref reader, out string name))
        {
            asked |= name is "items" or PairRequest.User;
            switch (name)
            {
                case "items":
                    ReadItems(ref reader, model.Model.Items, options);
                    break;
                case PairRequest.User:
                    User = RequestJson.Index(ref reader, model.Model.Users, () => name);
                    break;
                case "k":
                    K = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int k) ? k : -1;
                    break;
                case "list":
                    List = RequestJson.Text(ref reader, name);
                    break;
                default:
                    throw RefusedRequestException.Unknown("The key", name, keys);
            }
        }

        if (!asked) throw RefusedRequestException.Bad("The body has neither items nor user_id: send {\"items\": [296, 50]}, the latest last.");
    }

    private void ReadItems(ref Utf8JsonReader reader, IdTable ids, ServeOptions options)
    {
        RequestJson.Expect(ref reader, JsonTokenType.StartArray, () => "items");
        Items.Clear();
        UnknownItems = 0;
        for (int place = 0; RequestJson.NextElement(ref reader); place++)
        {
            if (place == options.MaxBatch)
            {
                throw RefusedRequestException.Bad($"There are more than {options.MaxBatch} items (Serve:MaxBatch): send the latest.");
            }

            int at = place, index = RequestJson.Index(ref reader, ids, () => $"items[{at}]");
            if (index < 0) UnknownItems++;
            else Items.Add(index);
        }

        int[] once = [.. Enumerable.Reverse(Items).Distinct().Reverse()]; // of an item used twice the last time counts
        Items.Clear();
        Items.AddRange(once);
    }
}
