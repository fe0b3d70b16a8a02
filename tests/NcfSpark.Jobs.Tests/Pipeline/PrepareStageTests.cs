using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Jobs.Tests.Pipeline;

public sealed class PrepareStageTests : IDisposable
{
    private const string Csv = "user_id,item_id,timestamp\n1,1,10\n1,2,20\n2,2,30\n";

    private readonly TemporaryFolder folder = new();
    private readonly PrepareOptions prepare = new() { TestCandidates = 0 };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheFingerprintIsKnownBeforePreparing()
    {
        JobContext job = Job(new InputOptions { Path = folder.Write("log.csv", Csv) }, prepare);
        StageDirectory prepared = new StagePipeline(job).Make(new PrepareStage(job));
        Assert.Equal(new PrepareStage(job).Fingerprint, prepared.Manifest.Fingerprint);
        Assert.Equal(["Input", "Prepare"], prepared.Manifest.Configuration.Keys);
        Assert.Equal(job.Configuration.Input.Path, (string?)prepared.Manifest.Configuration["Input"]["Path"]);
    }

    [Fact]
    public void ContentAndSettingsCountAndPlaceAndThreadsDoNot()
    {
        var input = new InputOptions { Path = folder.Write("log.csv", Csv) };
        string fingerprint = Fingerprint(input, prepare);
        InputOptions copy = input with { Path = folder.Write("copy.csv", Csv), TitlesPath = "titles.csv" };
        Assert.Equal(fingerprint, Fingerprint(copy, prepare with { Threads = 7, MemoryLimit = "1GB" }));
        Assert.NotEqual(fingerprint, Fingerprint(input with { Path = folder.Write("more.csv", Csv + "2,1,40\n") }, prepare));
        Assert.NotEqual(fingerprint, Fingerprint(input with { MaxBadRows = 1 }, prepare));
        Assert.NotEqual(fingerprint, Fingerprint(input, prepare with { Seed = 2 }));
        Assert.NotEqual(fingerprint, Fingerprint(input, prepare with { Shards = 9 }));
    }

    [Fact]
    public void HeldOutFilesCountWhereTheSplitIsGiven()
    {
        var input = new InputOptions { Path = folder.Write("log.csv", Csv), TestPath = folder.Write("test.csv", Csv) };
        PrepareOptions given = prepare with { Split = SplitRule.Given };
        string fingerprint = Fingerprint(input, given);
        folder.Write("test.csv", Csv + "2,1,40\n");
        Assert.NotEqual(fingerprint, Fingerprint(input, given));
        Assert.Equal(Fingerprint(input, prepare), Fingerprint(input with { TestPath = "" }, prepare));
    }

    private string Fingerprint(InputOptions input, PrepareOptions options) => new PrepareStage(Job(input, options)).Fingerprint;

    private JobContext Job(InputOptions input, PrepareOptions options) => new(
        new NcfSparkConfiguration { Input = input, Prepare = options }, folder.Path, SilentProgress.Instance, TextWriter.Null,
        TimeProvider.System, CancellationToken.None);
}
