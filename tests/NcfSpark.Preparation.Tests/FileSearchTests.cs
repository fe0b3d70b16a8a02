using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>The files that a setting names are those that are read: a name that is there before a pattern, each file once.</summary>
public sealed class FileSearchTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Theory]
    [InlineData("ratings[1].csv", "ratings1.csv")]
    [InlineData("a*b.csv", "axb.csv")]
    [InlineData("a?.csv", "ab.csv")]
    [InlineData("[!a].csv", "b.csv")]
    public void AFileOfThatNameIsTakenBeforeWhatThePatternMatches(string name, string other)
    {
        folder.Write(other, "other");
        string file = folder.Write(name, "named");
        Assert.Equal([file], Find(name).Paths);
        File.Delete(file);
        Assert.Equal([Path.Combine(folder.Path, other)], Find(name).Paths);
    }

    [Fact]
    public void AFolderOfThatNameIsTakenAndAPatternBelowItWorks()
    {
        string one = folder.Write("shop[eu]/2026-01.csv", "a"), two = folder.Write("shop[eu]/2026-02.csv", "b");
        folder.Write("shope/2026-01.csv", "other");
        Assert.Equal([one, two], Find("shop[eu]").Paths);
        Assert.Equal([one, two], Find("shop[eu]/*.csv").Paths);
        Assert.Equal([two], Find("shop[eu]/2026-0[2-9].csv").Paths);
        Assert.Equal([two], Find("shop[eu]/2026-0[!1].csv").Paths);
        Assert.Equal([one, two], Find("**/shop[eu]/*").Paths);
    }

    [Fact]
    public void FoldersThatAPatternNamesGiveTheirFiles()
    {
        string one = folder.Write("log/date=2026-01-01/a.parquet", "a"), two = folder.Write("log/date=2026-01-02/a.parquet", "b");
        folder.Write("log/date=2026-02-01/a.parquet", "c");
        Assert.Equal([one, two], Find("log/date=2026-01-*").Paths);
    }

    [Fact]
    public void ALinkToAFolderAboveAndSecondLinksToAFileReadEachFileOnce()
    {
        string one = folder.Write("log/a.csv", "a"), two = folder.Write("log/inner/b.csv", "b");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "log/inner/above"), Path.Combine(folder.Path, "log"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "log/again"), "inner");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "log/Latest.csv"), "inner/b.csv");
        Assert.Equal([one, two], Find("log").Paths);
        Assert.Equal([one, two], Find("**/*.csv").Paths);
    }

    [Theory]
    [InlineData("gone.csv")]
    [InlineData("b.csv")]
    public void ALinkThatLeadsNowhereOrToItselfIsNamed(string target)
    {
        folder.Write("log/a.csv", "a");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "log/b.csv"), target);
        Assert.Contains($"log/b.csv is a link to {target}, which is not there", Assert.Throws<InvalidInputException>(() => Find("log")).Message);
    }

    [Theory]
    [InlineData("a.csv", InputFormat.Csv)]
    [InlineData("a.CSV.GZ", InputFormat.Csv)]
    [InlineData("a.json", InputFormat.Json)]
    [InlineData("a.JSONL.gz", InputFormat.Json)]
    [InlineData("a.ndjson.zst", InputFormat.Json)]
    [InlineData("a.json.bz2", InputFormat.Json)]
    [InlineData("a.Parquet", InputFormat.Parquet)]
    internal void TheEndingSaysWhatAFileIs(string name, InputFormat format)
    {
        folder.Write(name, "x");
        Assert.Equal(format, Find(name).Format);
    }

    [Property(MaxTest = 100)]
    public Property AnyNameThatIsThereIsReadItselfWhateverStandsBesideIt()
    {
        Gen<string> names = Gen.Elements("ab[]*?{}!^\\ '\",%#é".ToCharArray()).NonEmptyListOf().Select(letters => string.Concat(letters.Take(8)));
        return Prop.ForAll(names.Two().ToArbitrary(), pair =>
        {
            string file = folder.Write($"{pair.Item1}d/{pair.Item2}.csv", "named");
            string[] found = [.. Find($"{pair.Item1}d/{pair.Item2}.csv").Paths];
            return found.Length == 1 && found[0] == file && File.ReadAllText(found[0]) == "named" && Find($"{pair.Item1}d").Paths.Contains(file);
        });
    }

    public void Dispose() => folder.Dispose();

    private InputFiles Find(string name) => InputFiles.Find(Path.Combine(folder.Path, name), InputFormat.Auto, "Input:Path");
}
