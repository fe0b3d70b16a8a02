using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>Whatever a text is compressed by comes out as it was, or is refused by name.</summary>
public sealed class CompressionTests : IDisposable
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 20_000).Select(row => $"{row * 7919 % 10_007},{row}\n"));

    private readonly TestFolder folder = new();

    public static TheoryData<string> Endings => ["", ".gz", ".GZ", ".zst", ".Zstd", ".bz2"];

    [Theory]
    [MemberData(nameof(Endings))]
    public void TheTextComesOutWhole(string ending)
    {
        string name = "a.csv" + ending;
        byte[] whole = Packed(name, Text), half = Packed(name, Text[..5000]), rest = Packed(name, Text[5000..]);
        Assert.Equal(Text, Content(folder.Write(name, whole)));
        Assert.Equal(Text, Content(folder.Write(name, [.. half, .. rest])));
    }

    [Theory]
    [MemberData(nameof(Endings))]
    public void WhatIsCutOrDamagedIsRefusedByName(string ending)
    {
        string name = "a.csv" + ending;
        byte[] whole = Packed(name, Text);
        if (Compression.Of(name) == CompressionKind.None) return;
        foreach (int length in new[] { 1, 3, 10, whole.Length / 3, whole.Length - 30, whole.Length - 1 }) Refused(name, whole[..length]);
        byte[] bent = [.. whole];
        bent[whole.Length / 2] ^= 0x55;
        Refused(name, bent);
        Refused(name, [.. "user_id,item_id\n1,2\n"u8]);
    }

    public void Dispose() => folder.Dispose();

    internal static byte[] Packed(string name, string text) => Packed(name, System.Text.Encoding.UTF8.GetBytes(text));

    internal static byte[] Packed(string name, byte[] bytes) => Compression.Of(name) switch
    {
        CompressionKind.Gzip => TestFolder.Gzip(bytes),
        CompressionKind.Zstd => TestFolder.Zstd(bytes),
        CompressionKind.Bzip2 => TestFolder.Bzip2(bytes),
        _ => bytes,
    };

    private static string Content(string path)
    {
        using StreamReader reader = CsvRecords.Open(path);
        return reader.ReadToEnd();
    }

    private void Refused(string name, byte[] bytes)
    {
        string path = folder.Write(name, bytes);
        InvalidInputException refusal = Assert.Throws<InvalidInputException>(() =>
        {
            FileCheck.CheckWhole(InputFiles.Find(path, InputFormat.Csv, "Input:Path"));
            return Content(path);
        });
        Assert.Contains($"{path}: the ", refusal.Message);
        Assert.Contains("cut short or damaged", refusal.Message);
    }
}
