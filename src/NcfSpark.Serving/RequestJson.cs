using System.Text;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>
/// Reads the JSON of a request as a stream of tokens over the body's bytes: a body of one-hot vectors has millions of numbers, of which no tree is built.
/// Whatever is wrong with it is told with its place.
/// </summary>
internal static class RequestJson
{
    private static readonly UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public delegate void Part(ref Utf8JsonReader reader);

    /// <summary>Reads a value that is all of a text.</summary>
    /// <param name="part">Called at the value's first token, leaves the reader at its last.</param>
    /// <param name="where">What stands before a message.</param>
    /// <exception cref="RefusedRequestException">It is no JSON, or more than that value.</exception>
    public static void Guarded(ReadOnlySpan<byte> json, Part part, string where = "")
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            part(ref reader);
            reader.Read();
        }
        catch (JsonException fault)
        {
            throw RefusedRequestException.Bad($"{where}JSON Parse error: {ShownText.Of(fault.Message, 300)}");
        }
        catch (InvalidOperationException fault) // a text that is no UTF-8, or half of a surrogate pair
        {
            throw RefusedRequestException.Bad($"{where}JSON Parse error: {ShownText.Of(fault.Message, 300)}");
        }
    }

    /// <summary>A body of text.</summary>
    /// <exception cref="RefusedRequestException">It is no UTF-8.</exception>
    public static string TextOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return strict.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            throw RefusedRequestException.Bad("The body is not valid UTF-8.");
        }
    }

    public static void Expect(ref Utf8JsonReader reader, JsonTokenType start, Func<string> where)
    {
        if (reader.TokenType == start) return;
        string wanted = start == JsonTokenType.StartObject ? "an object {…}" : "a list […]";
        throw RefusedRequestException.Bad($"{where()} is {NameOf(reader.TokenType)} where {wanted} is wanted.");
    }

    /// <summary>Goes to the value of an object's next property. False at its end.</summary>
    public static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        reader.Read();
        name = reader.TokenType == JsonTokenType.EndObject ? "" : reader.GetString()!;
        return reader.TokenType != JsonTokenType.EndObject && reader.Read();
    }

    /// <summary>Goes to a list's next element. False at its end.</summary>
    public static bool NextElement(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType != JsonTokenType.EndArray;

    public static string Text(ref Utf8JsonReader reader, string name) => reader.TokenType == JsonTokenType.String
        ? reader.GetString()!
        : throw RefusedRequestException.Bad($"{name} is {NameOf(reader.TokenType)} where a text is wanted.");

    /// <summary>The index of an id, a number or a text; -1 for an unknown one. It may stand in a list of one.</summary>
    public static int Index(ref Utf8JsonReader reader, IdTable ids, Func<string> where)
    {
        bool inList = reader.TokenType == JsonTokenType.StartArray;
        if (inList) reader.Read();
        int index = reader.TokenType switch
        {
            JsonTokenType.String => ids.Find(reader.GetString()!),
            JsonTokenType.Number => reader.TryGetInt64(out long number) ? ids.Find(number) : ids.Find(Encoding.UTF8.GetString(reader.ValueSpan)),
            _ => throw RefusedRequestException.Bad($"{where()} is {NameOf(reader.TokenType)} where an id, a number or a text, is wanted."),
        };
        if (inList && NextElement(ref reader)) throw RefusedRequestException.Bad($"{where()} is a list of more than one where one id is wanted.");
        return index;
    }

    private static string NameOf(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.EndArray => "an empty list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };
}
