using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Core;

namespace NcfSpark.Model;

/// <summary>
/// Reads and writes the safetensors format (huggingface.co/docs/safetensors), 32-bit floats and 64-bit integers:
/// 8 bytes little-endian N; N bytes of JSON {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
/// "__metadata__": {"key": "text"}}; then the values, one tensor after the other, offsets counted from there.
/// Example: one tensor "a" = [1, 2] is 8 bytes 0x40…, 64 bytes {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
/// and spaces, 00 00 80 3F 00 00 00 40.
/// The header is padded with spaces to a multiple of 64 bytes, so that values are aligned for whoever maps the file.
/// </summary>
public static class Safetensors
{
    private const int Alignment = 64;
    private const int LargestHeader = 100_000_000; // the format's own limit

    /// <summary>Writes weights, and texts beside them, to a file that is flushed to disk when this returns.</summary>
    public static void Write(string path, IEnumerable<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write);
        Write(stream, tensors, metadata);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Writes weights, and texts beside them, as the content of a file.</summary>
    public static void Write(Stream stream, IEnumerable<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        StoredTensor[] all = [.. tensors];
        var header = new JsonObject();
        if (metadata is not null) header["__metadata__"] = new JsonObject(metadata.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
        long offset = 0;
        foreach (StoredTensor tensor in all)
        {
            long end = offset + tensor.Bytes.Length;
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = tensor.Type,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] padded = new byte[(json.Length + 8 + Alignment - 1) / Alignment * Alignment];
        padded.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(padded, padded.Length - 8);
        json.CopyTo(padded, 8);

        stream.Write(padded);
        foreach (StoredTensor tensor in all) stream.Write(tensor.Bytes);
    }

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="InvalidInputException">It is no safetensors file, or is cut short.</exception>
    public static (IReadOnlyDictionary<string, StoredTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(stream);
        }
        catch (Exception cause) when (
            cause is IOException or JsonException or InvalidDataException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new InvalidInputException($"{path}: cannot be read as safetensors: {cause.Message}", cause);
        }
    }

    private static (IReadOnlyDictionary<string, StoredTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Read(FileStream stream)
    {
        byte[] start = new byte[8];
        stream.ReadExactly(start);
        long headerLength = BinaryPrimitives.ReadInt64LittleEndian(start);
        if (headerLength is < 2 or > LargestHeader || headerLength > stream.Length - 8)
        {
            throw new InvalidDataException($"its header would have {headerLength:N0} bytes");
        }

        byte[] json = new byte[headerLength];
        stream.ReadExactly(json);
        JsonObject header = JsonNode.Parse(json)!.AsObject();
        long valuesStart = 8 + headerLength;

        var tensors = new Dictionary<string, StoredTensor>();
        var metadata = new Dictionary<string, string>();
        foreach ((string name, JsonNode? node) in header)
        {
            JsonObject entry = node!.AsObject();
            if (name == "__metadata__")
            {
                foreach ((string key, JsonNode? value) in entry) metadata.Add(key, value!.GetValue<string>());
                continue;
            }

            long[] shape = [.. entry["shape"]!.AsArray().Select(size => size!.GetValue<long>())];
            long from = entry["data_offsets"]![0]!.GetValue<long>(), to = entry["data_offsets"]![1]!.GetValue<long>();
            var tensor = StoredTensor.Empty(name, entry["dtype"]!.GetValue<string>(), shape);
            if (to - from != tensor.Bytes.Length || from < 0 || valuesStart + to > stream.Length)
            {
                throw new InvalidDataException($"tensor {name} lies outside the file");
            }

            stream.Position = valuesStart + from;
            stream.ReadExactly(tensor.Bytes);
            tensors.Add(name, tensor);
        }

        return (tensors, metadata);
    }
}
