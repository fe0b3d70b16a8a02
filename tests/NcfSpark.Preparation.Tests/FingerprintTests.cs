using NcfSpark.Data;

namespace NcfSpark.Preparation.Tests;

[Collection(EngineCollection.Name)]
public sealed class FingerprintTests(EngineFixture fixture) : IDisposable
{
    private const string Csv = "user_id,item_id,timestamp\n1,1,10\n1,2,20\n2,2,30\n";

    private readonly TestFolder folder = new();

    [Fact]
    public void TheFingerprintIsKnownBeforePreparing()
    {
        var input = new InputOptions { Path = folder.Write("log.csv", Csv) };
        var prepare = PlainOptions.Prepare;
        StageDirectory prepared = Preparer.Prepare(fixture.Engine, input, prepare, folder.Path, SilentProgress.Instance);
        Assert.Equal(Preparer.FingerprintOf(input, prepare), prepared.Manifest.Fingerprint);
        Assert.Equal(["Input", "Prepare"], prepared.Manifest.Configuration.Keys);
        Assert.Equal(input.Path, (string?)prepared.Manifest.Configuration["Input"]["Path"]);
    }

    [Fact]
    public void ContentAndSettingsCountAndPlaceAndThreadsDoNot()
    {
        var input = new InputOptions { Path = folder.Write("log.csv", Csv) };
        var prepare = PlainOptions.Prepare;
        string fingerprint = Preparer.FingerprintOf(input, prepare);
        Assert.Equal(fingerprint, Preparer.FingerprintOf(input with { Path = folder.Write("elsewhere/copy.csv", Csv), TitlesPath = "titles.csv" }, prepare with { Threads = 7, MemoryLimit = "1GB" }));
        Assert.NotEqual(fingerprint, Preparer.FingerprintOf(input with { Path = folder.Write("more.csv", Csv + "2,1,40\n") }, prepare));
        Assert.NotEqual(fingerprint, Preparer.FingerprintOf(input with { MaxBadRows = 1 }, prepare));
        Assert.NotEqual(fingerprint, Preparer.FingerprintOf(input, prepare with { Seed = 2 }));
        Assert.NotEqual(fingerprint, Preparer.FingerprintOf(input, prepare with { Shards = 9 }));
    }

    [Fact]
    public void HeldOutFilesCountWhereTheSplitIsGiven()
    {
        var input = new InputOptions { Path = folder.Write("log.csv", Csv), TestPath = folder.Write("test.csv", Csv) };
        var given = PlainOptions.Prepare with { Split = SplitRule.Given };
        string fingerprint = Preparer.FingerprintOf(input, given);
        folder.Write("test.csv", Csv + "2,1,40\n");
        Assert.NotEqual(fingerprint, Preparer.FingerprintOf(input, given));
        Assert.Equal(Preparer.FingerprintOf(input, PlainOptions.Prepare), Preparer.FingerprintOf(input with { TestPath = "" }, PlainOptions.Prepare));
    }

    public void Dispose() => folder.Dispose();
}
