using System.Text;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

public sealed class SettingsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("{\n  \"Train\": {\n    \"Epochs\": 3\n    \"Seed\": 1 } }", 4, 5)]
    [InlineData("{ \"Train\": { \"Epochs\": x } }", 1, 24)]
    [InlineData("{ \"Tränü\": x }", 1, 12)]
    [InlineData("{ \"Train\": {", 1, 13)]
    [InlineData("{ \"Train\": { \"Epochs\": 3 } } x", 1, 30)]
    [InlineData("Train:\n  Epochs: 3", 1, 1)]
    [InlineData("// only a comment", 1, 18)]
    public void WhatIsNotJsonIsToldWithLineAndColumn(string text, int line, int column) =>
        Assert.Contains($"mine.json, line {line}, column {column}: this is not JSON. ", Refused(folder.Write("mine.json", text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("[1, 2]")]
    [InlineData("3")]
    [InlineData("null")]
    public void WhatIsNoObjectHoldsNoSections(string text) =>
        Assert.Contains("mine.json holds no sections. ", Refused(folder.Write("mine.json", text)), StringComparison.Ordinal);

    [Fact]
    public void AnEmptyFileIsCalledEmpty() => Assert.Contains("mine.json is empty. ", Refused(folder.Write("mine.json", "")), StringComparison.Ordinal);

    [Fact]
    public void AMissingFileOffersThoseBesideIt()
    {
        folder.Write("b.json", "{}");
        folder.Write("a.json", "{}");
        string told = Refused(Path.Combine(folder.Path, "mine.json"));
        Assert.EndsWith($"mine.json is not there. There are {Path.Combine(folder.Path, "a.json")}, {Path.Combine(folder.Path, "b.json")}.",
            told, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderIsNoFile() => Assert.Contains(" is a folder, not a configuration file.", Refused(folder.Path), StringComparison.Ordinal);

    [Fact]
    public void TextThatIsNotUtf8IsCalledSo()
    {
        string path = folder.Write("mine.json", "");
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes("{ \"Input\": {\n \"Path\": \"Größe.csv\" } }"));
        Assert.Contains("mine.json, line 2 is not UTF-8 text.", Refused(path), StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("{}")]);
        Assert.Contains("mine.json, line 1 is not UTF-8 text.", Refused(path), StringComparison.Ordinal);
        Assert.Contains("not Unicode", Refused(folder.Write("mine.json", """{ "Input": { "Path": "\ud800" } }""")), StringComparison.Ordinal);
    }

    [Fact]
    public void LinesAreThoseOfTheValues()
    {
        string path = folder.Write("mine.json", "// a\n{\n  \"Train\": /* b\n */ {\n    \"Epochs\":\n 3, \"Seed\": 1\n  }\n}");
        Assert.Equal([$"{path}, line 6", $"{path}, line 6"], SettingsFile.Read(path, []).Select(setting => setting.Origin));
    }

    private static string Refused(string path) => Assert.Throws<InvalidInputException>(() => SettingsFile.Read(path, [])).Message;
}
