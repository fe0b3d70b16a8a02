using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Core;

namespace NcfSpark.Model.Tests;

public sealed class TrainedModelTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Theory]
    [InlineData(NetworkKind.Neumf, 1)]
    [InlineData(NetworkKind.Neumf, 4)]
    [InlineData(NetworkKind.Gmf, 2)]
    [InlineData(NetworkKind.Mlp, 3)]
    [InlineData(NetworkKind.Cosine, 4)]
    [InlineData(NetworkKind.Mf, 8)] // more shards than users
    public void WriteAndReadGiveEqualWeightsAndIds(NetworkKind kind, int shards)
    {
        ModelWeights weights = Models.Random(Models.Options(kind));
        TrainedModel read = TrainedModel.Read(Publish(weights, shards));
        Assert.Equal(weights.All.Select(weight => weight.Name), read.Weights.All.Select(weight => weight.Name));
        foreach ((Weight written, Weight back) in weights.All.Zip(read.Weights.All)) Assert.Equal(written.Values.ToArray(), back.Values.ToArray());
        Assert.Equal(["a", "b", "ç", "d", "e", "f"], read.Users.Texts);
        Assert.Equal(Enumerable.Range(0, 9).Select(item => 10L + item), read.Items.Numbers);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(8, false)] // more shards than users
    [InlineData(4, true)]
    public void WhatUsersDidLastComesBack(int shards, bool attention)
    {
        ModelWeights weights = Models.Random(attention ? Models.Attention() : Models.History(NetworkKind.Mf));
        TrainedModel read = TrainedModel.Read(Publish(weights, shards));
        Assert.Equal(weights.All.Select(weight => weight.Name), read.Weights.All.Select(weight => weight.Name));
        foreach ((Weight written, Weight back) in weights.All.Zip(read.Weights.All)) Assert.Equal(written.Values.ToArray(), back.Values.ToArray());
        Assert.Equal(weights.Pools!.Items_UK, read.Weights.Pools!.Items_UK);
        Assert.Equal(weights.Pools.Times_UK, read.Weights.Pools.Times_UK);
        Assert.Equal(attention, weights.Pools.Times_UK.Length > 0);
        if (attention) return;
        Assert.Equal(weights.Pools.TemporalFeatures_U, read.Weights.Pools.TemporalFeatures_U);
        Assert.NotEmpty(weights.Pools.TemporalFeatures_U.Distinct().Skip(2));
    }

    [Fact]
    public void AChangedByteIsFoundWhenTheModelIsOpened()
    {
        StageDirectory model = Publish(Models.Random(Models.Options(NetworkKind.Neumf)), 2);
        string path = model.File("shared.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        string message = Assert.Throws<InvalidInputException>(() => StageDirectory.Open(run, "model")).Message;
        Assert.Contains("shared.safetensors", message, StringComparison.Ordinal);
        Assert.Contains("train", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATensorOfAnotherShapeIsRefusedByName()
    {
        StageDirectory model = Publish(Models.Random(Models.Options(NetworkKind.Neumf)), 1);
        Safetensors.Write(model.File("shared.safetensors"), [new StoredTensor("item_gmf.weight", new float[4], 2, 2)]);
        string message = Assert.Throws<InvalidInputException>(() => TrainedModel.Read(model)).Message;
        Assert.Contains("item_gmf.weight is [2, 2] where [9, 5] is wanted", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(-1)] // the last byte is missing
    public void ASafetensorsFileCutShortIsRefusedByName(int length)
    {
        string path = Path.Combine(run, "cut.safetensors");
        Safetensors.Write(path, [new StoredTensor("a", new[] { 1f, 2f }, 2)]);
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..(length < 0 ? whole.Length + length : length)]);
        Assert.Contains("cut.safetensors", Assert.Throws<InvalidInputException>(() => Safetensors.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDocumentedSafetensorsExampleIsWhatIsWritten()
    {
        string path = Path.Combine(run, "a.safetensors");
        Safetensors.Write(path, [new StoredTensor("a", new[] { 1f, 2f }, 2)]);
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BitConverter.ToInt64(bytes);
        Assert.Equal(0, (8 + header) % 64);
        Assert.Equal("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", System.Text.Encoding.UTF8.GetString(bytes, 8, header).TrimEnd(' '));
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], bytes[(8 + header)..]);
    }

    /// <summary>An independent reader, written from the format's specification in another language.</summary>
    [SkippableFact]
    public void PythonReadsTheSameValues()
    {
        Skip.If(!HasPython(), "Needs Python: apt install python3.");
        string path = Path.Combine(run, "b.safetensors");
        Safetensors.Write(path, [new StoredTensor("x", new[] { 1.5f, -2.25f, 1e-30f }, 1, 3), new StoredTensor("n", new[] { 9_000_000_000L }, 1)],
            new Dictionary<string, string> { ["step"] = "7" });
        const string Script = """
            import json, struct, sys
            data = open(sys.argv[1], "rb").read()
            n = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + n])
            out = {"step": header.pop("__metadata__")["step"]}
            for name, t in header.items():
                a, b = t["data_offsets"]
                count = (b - a) // (4 if t["dtype"] == "F32" else 8)
                out[name] = [t["shape"], list(struct.unpack("<%d%s" % (count, "f" if t["dtype"] == "F32" else "q"), data[8 + n + a:8 + n + b]))]
            print(json.dumps(out))
            """;
        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", Script, path]) { RedirectStandardOutput = true })!;
        JsonNode read = JsonNode.Parse(python.StandardOutput.ReadToEnd())!;
        Assert.Equal("7", (string)read["step"]!);
        Assert.Equal("[1,3]", read["x"]![0]!.ToJsonString());
        Assert.Equal([1.5f, -2.25f, 1e-30f], read["x"]![1]!.AsArray().Select(value => value!.GetValue<double>()).Select(value => (float)value));
        Assert.Equal(9_000_000_000L, read["n"]![1]![0]!.GetValue<long>());
    }

    private StageDirectory Publish(ModelWeights weights, int shards)
    {
        using StageWriter writer = StageWriter.Begin(run, TrainedModel.StageName);
        new TrainedModel(weights, new IdTable(["a", "b", "ç", "d", "e", "f"], new int[6]),
            new IdTable([.. Enumerable.Range(0, 9).Select(item => 10L + item)], new int[9])).Write(writer.Path, shards);
        return writer.Publish(new StageManifest
        {
            Stage = TrainedModel.StageName,
            Fingerprint = "test",
            MadeFrom = [],
            Configuration = new() { ["Model"] = JsonSerializer.SerializeToNode(weights.Options)! },
            Seed = 1,
            Rows = [],
        });
    }

    private static bool HasPython()
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo("python3", ["--version"]) { RedirectStandardOutput = true });
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
