using System.Text.Json.Nodes;

namespace NcfSpark.Core.Tests;

public sealed class StageDirectoryTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Fact]
    public void APublishedDirectoryReadsBack()
    {
        StageDirectory written = Publish("prepared", "abc", ("users/part-0.parquet", "rows"));
        StageDirectory read = StageDirectory.Open(run, "prepared");
        Assert.Equal("rows", File.ReadAllText(read.File("users/part-0.parquet")));
        Assert.Equal(written.Manifest.Fingerprint, read.Manifest.Fingerprint);
        Assert.Equal(3, read.Manifest.Rows["users"]);
        Assert.Equal("relu", (string)read.Manifest.Configuration["Model"]["EmbeddingActivation"]!);
        Assert.Equal(["users/part-0.parquet"], read.Manifest.Files.Keys);
    }

    [Fact]
    public void AnUnpublishedDirectoryLeavesNothingBehind()
    {
        using (StageWriter writer = StageWriter.Begin(run, "prepared")) File.WriteAllText(writer.File("half"), "half");
        Assert.Empty(Directory.GetDirectories(run));
        Assert.Contains("prepare", Assert.Throws<InvalidInputException>(() => StageDirectory.Open(run, "prepared")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatAKilledAttemptLeftIsClearedAwayAndTheOldResultStays()
    {
        Publish("prepared", "old", ("a", "1"));
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(run, "prepared.tmp-dead")).FullName, "half"), "");
        using (StageWriter.Begin(run, "prepared")) Assert.Equal("old", StageDirectory.Open(run, "prepared").Manifest.Fingerprint);
        Assert.Equal(["prepared"], Directory.GetDirectories(run).Select(Path.GetFileName));
    }

    [Fact]
    public void ACopyOfWhatSparkWroteHasItsManifestInADirectoryAndItsFilesAreKnownByLength()
    {
        string prepared = Path.Combine(run, "prepared"), manifest = Path.Combine(prepared, StageManifest.FileName);
        Directory.CreateDirectory(manifest);
        File.WriteAllText(Path.Combine(prepared, "rows"), "12345");
        File.WriteAllText(Path.Combine(manifest, "_SUCCESS"), "");
        File.WriteAllText(Path.Combine(manifest, "part-00000-x.txt"), StageDirectory.ToText(new StageManifest
        {
            Stage = "prepared",
            Fingerprint = "abc",
            MadeFrom = [],
            Configuration = [],
            Seed = 1,
            Rows = [],
            Files = { ["rows"] = new StageFile(5, "") },
        }));
        Assert.Equal("abc", StageDirectory.Open(run, "prepared").Manifest.Fingerprint);
        File.WriteAllText(Path.Combine(prepared, "rows"), "1234");
        Assert.Contains("has 4 bytes where 5 were written",
            Assert.Throws<InvalidInputException>(() => StageDirectory.Open(run, "prepared")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PublishingReplacesTheOldResult()
    {
        Publish("prepared", "old", ("a", "1"), ("b", "2"));
        Publish("prepared", "new", ("a", "3"));
        Assert.Equal("new", StageDirectory.Open(run, "prepared").Manifest.Fingerprint);
        Assert.Equal(["prepared"], Directory.GetDirectories(run).Select(Path.GetFileName));
        Assert.False(File.Exists(Path.Combine(run, "prepared", "b")));
    }

    [Fact]
    public void AKillBetweenTheTwoRenamesOfPublishingLosesNothing()
    {
        Publish("prepared", "old", ("a", "1"));
        Directory.Move(Path.Combine(run, "prepared"), Path.Combine(run, "prepared.old")); // what such a kill leaves
        using (StageWriter.Begin(run, "prepared")) Assert.Equal("old", StageDirectory.Open(run, "prepared").Manifest.Fingerprint);
    }

    [Fact]
    public void AKillBetweenTheTwoRenamesIsMendedByWhoeverOpensNext()
    {
        Publish("prepared", "old", ("a", "1"));
        Directory.Move(Path.Combine(run, "prepared"), Path.Combine(run, "prepared.old"));
        Assert.Equal("old", StageDirectory.Open(run, "prepared").Manifest.Fingerprint);
    }

    [Theory]
    [InlineData("changed", "SHA-256")]
    [InlineData("longer", "bytes")]
    [InlineData("missing", "is missing")]
    [InlineData("manifest cut short", "cannot be read")]
    [InlineData("no manifest", "no manifest.json")]
    [InlineData("another stage's manifest", "not of prepared")]
    [InlineData("another version", "layout 99")]
    public void ADamagedDirectoryIsRefusedWithFileAndCure(string damage, string says)
    {
        string directory = Publish("prepared", "abc", ("users/part-0.parquet", "rows")).Path;
        string data = Path.Combine(directory, "users", "part-0.parquet"), manifest = Path.Combine(directory, "manifest.json");
        switch (damage)
        {
            case "changed": File.WriteAllText(data, "sowr"); break;
            case "longer": File.AppendAllText(data, "!"); break;
            case "missing": File.Delete(data); break;
            case "manifest cut short": File.WriteAllText(manifest, File.ReadAllText(manifest)[..40]); break;
            case "no manifest": File.Delete(manifest); break;
            case "another stage's manifest": File.WriteAllText(
                manifest, File.ReadAllText(manifest).Replace("\"prepared\"", "\"model\"", StringComparison.Ordinal)); break;
            default: File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"schema\": 1", "\"schema\": 99", StringComparison.Ordinal)); break;
        }

        string message = Assert.Throws<InvalidInputException>(() => StageDirectory.Open(run, "prepared")).Message;
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.Contains(directory, message, StringComparison.Ordinal);
        Assert.Contains("`prepare`", message, StringComparison.Ordinal);
        Assert.Null(StageDirectory.OpenIfFinished(run, "prepared", "abc"));
    }

    [Fact]
    public void AResultMadeFromOtherDataIsRefused()
    {
        StageDirectory prepared = Publish("prepared", "one", ("a", "1"));
        Publish("model", "m", ("w", "1"));
        string message = Assert.Throws<InvalidInputException>(() => StageDirectory.Open(run, "model", prepared)).Message;
        Assert.Contains("other data", message, StringComparison.Ordinal);
        Assert.Contains("`train`", message, StringComparison.Ordinal);
    }

    [Fact]
    public void FingerprintsDifferWhereAnythingThatShapesTheResultDoes()
    {
        static string Of(string stage, string input, int holdout) =>
            StageManifest.FingerprintOf(stage, new() { ["input"] = input }, new() { ["Prepare"] = new JsonObject { ["Holdout"] = holdout } });
        string[] all = [Of("prepared", "x", 1), Of("model", "x", 1), Of("prepared", "y", 1), Of("prepared", "x", 2)];
        Assert.Equal(4, all.Distinct().Count());
        Assert.Equal(all[0], Of("prepared", "x", 1));
    }

    [Fact]
    public void ARunDirectoryServesOneAtATime()
    {
        using (RunLock.Take(run)) Assert.Contains("in use", Assert.Throws<InvalidInputException>(() => RunLock.Take(run)).Message, StringComparison.Ordinal);
        using (RunLock.Take(run))
        {
        }
    }

    [Fact]
    public void ARunDirectoryThatCannotBeMadeIsSaid()
    {
        string file = Path.Combine(run, "file");
        File.WriteAllText(file, "");
        Assert.Contains("cannot be written",
            Assert.Throws<InvalidInputException>(() => StageWriter.Begin(Path.Combine(file, "run"), "prepared")).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be written",
            Assert.Throws<InvalidInputException>(() => RunLock.Take(Path.Combine(file, "run"))).Message, StringComparison.Ordinal);
    }

    private StageDirectory Publish(string stage, string fingerprint, params (string Name, string Text)[] files)
    {
        using StageWriter writer = StageWriter.Begin(run, stage);
        foreach ((string name, string text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(writer.File(name))!);
            File.WriteAllText(writer.File(name), text);
        }

        return writer.Publish(new StageManifest
        {
            Stage = stage,
            Fingerprint = fingerprint,
            MadeFrom = new() { ["input"] = "123" },
            Configuration = new() { ["Model"] = new JsonObject { ["EmbeddingActivation"] = "relu" } },
            Seed = 1,
            Rows = new() { ["users"] = 3 },
        });
    }
}
