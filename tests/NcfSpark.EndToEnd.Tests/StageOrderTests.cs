using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>Stages that do not find what they need, or find it changed, say which, why and what to do, end with 2 and change nothing.</summary>
[Trait("Category", "Slow")]
public sealed class StageOrderTests : IDisposable
{
    private readonly RunDirectory run = new();
    private readonly string[] settings;

    public StageOrderTests() =>
        settings = [.. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--set", "Train:Epochs=1", "--run", run.Path];

    public void Dispose() => run.Dispose();

    [Theory]
    [InlineData("train", "prepare")]
    [InlineData("evaluate", "prepare")]
    [InlineData("score", "prepare")]
    public void AStageRunBeforeTheOneItNeedsSaysWhich(string verb, string needed)
    {
        string error = Refused(verb);
        Assert.Contains($"`./submit.sh {needed} --config ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void VerbByVerbGivesWhatNightlyGives()
    {
        foreach (string verb in new[] { "prepare", "train", "evaluate", "score" }) NcfSparkProcess.RunWell([verb, .. settings]);
        string output = NcfSparkProcess.RunWell(["nightly", .. settings]);
        Assert.DoesNotContain("was there already", output, StringComparison.Ordinal); // what stands beside the nights is left alone
        Assert.Equal(RunDirectory.HashesIn(run.File("predictions")), run.PredictionsHash());
    }

    [Fact]
    public void ANightThatServedCannotBeSpoiltByHand()
    {
        NcfSparkProcess.RunWell(["nightly", .. settings]);
        string before = run.PredictionsHash();
        foreach (string verb in new[] { "prepare", "train", "evaluate", "score" })
        {
            (int exitCode, string output, string error) =
                NcfSparkProcess.Run([verb, .. settings[..^1], run.NightPath, "--set", "Score:TopK=3", "--set", "Train:Seed=9"]);
            Assert.Equal((2, ""), (exitCode, output));
            Assert.Contains($"{run.NightPath}: the night {RunDirectory.Night} went into production on ", error, StringComparison.Ordinal);
        }

        Assert.Equal(before, run.PredictionsHash());
    }

    [Fact]
    public void ADamagedPreparedDirectoryIsRefusedByEveryStageAndMadeAgainByNightly()
    {
        NcfSparkProcess.RunWell(["nightly", .. settings]);
        string before = run.PredictionsHash();
        string damaged = Directory.GetFiles(Path.Combine(run.NightPath, "prepared", "train"), "*.parquet", SearchOption.AllDirectories)[0];
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^10]);
        string copy = run.File("copy");
        NcfSparkProcess.Start("cp", ["-r", run.NightPath, copy]).WaitForExit(); // as the refusal of a night that served advises
        foreach (string verb in new[] { "train", "evaluate", "score" })
        {
            Assert.Contains(damaged.Replace(run.NightPath, copy, StringComparison.Ordinal),
                NcfSparkProcess.Run([verb, .. settings[..^1], copy]).Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, run.PredictionsHash());
        NcfSparkProcess.RunWell(["nightly", .. settings]); // in a night of its own, since that one is being read
        Assert.Equal($"{RunDirectory.Night}-2", new RunNights(run.Path).Production);
        Assert.Equal(before, run.PredictionsHash());
    }

    [Fact]
    public void OtherSettingsThanThoseThatMadeTheDirectoryAreNamed()
    {
        NcfSparkProcess.RunWell(["prepare", .. settings]);
        string error = Refused("train", "--set", "Prepare:Holdout=2");
        Assert.Contains("Prepare:Holdout was 3, the configuration says 2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelOfOtherDataIsRefused()
    {
        NcfSparkProcess.RunWell(["prepare", .. settings]);
        NcfSparkProcess.RunWell(["train", .. settings]);
        SmallLog.Write(Path.GetDirectoryName(run.Path)!, seed: 2);
        NcfSparkProcess.RunWell(["prepare", .. settings]);
        Assert.Contains("made from other data", Refused("score"), StringComparison.Ordinal);
    }

    [Fact]
    public void TwoAtOnceInOneRunDirectory()
    {
        using RunLock held = RunLock.Take(run.Path);
        Assert.Contains($"in use by another NcfSpark process: process {Environment.ProcessId} on {Environment.MachineName}, since ",
            Refused("nightly"), StringComparison.Ordinal);
    }

    [Fact]
    public void ALossThatIsNotFiniteLeavesTheModelThatWasThere()
    {
        NcfSparkProcess.RunWell(["nightly", .. settings]);
        string manifest = File.ReadAllText(run.Served("model", "manifest.json"));
        (int exitCode, _, string error) =
            NcfSparkProcess.Run(["nightly", .. settings, "--set", "Train:LearningRate=10", "--set", "Model:EmbeddingInit=10", "--set", "Train:Epochs=400",
                "--set", "Train:Patience=0", "--set", "Model:Kind=mlp", "--set", "Model:MlpLayers=[64,64,64,64,64,64,64,64,64,64]",
                "--set", "Model:Dropout=[]"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("no model was written; lower Train:LearningRate", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal(manifest, File.ReadAllText(run.Served("model", "manifest.json")));
        Assert.Equal(["production", "failed"], RunHistory.Read(new RunNights(run.Path)).Nights.Select(night => night.Outcome));
    }

    [Fact]
    public void PairsAreScoredWithAThreshold()
    {
        string pairs = Path.Combine(Path.GetDirectoryName(run.Path)!, "pairs.csv");
        File.WriteAllText(pairs, "user_id,item_id\n5,3\n5,999\n12345,2\n");
        NcfSparkProcess.RunWell(
            ["nightly", .. settings, "--set", $"Score:PairsPath={pairs}", "--set", "Score:PairsUserColumn=user_id", "--set", "Score:PairsItemColumn=item_id"]);
        string written = run.Served("predictions", "pairs");
        Assert.Equal([5L, 5, 12345], ParquetColumns.Read<long>(written, "user_id"));
        Assert.Equal(["model", "popularity", "popularity"], ParquetColumns.ReadStrings(written, "source"));
        Assert.Equal(ParquetColumns.Read<float>(written, "score").Select(score => score >= 0.5f ? 1 : 0), ParquetColumns.Read<int>(written, "prediction"));
    }

    [Theory]
    [InlineData("Score:PairsPath", "user,item\n1,2\n", "there is no column userId and no column movieId; there are user, item")]
    [InlineData("Score:PairsPath", "userId,movieId\n1\n", "line 2: there are 1 columns where the header has 2")]
    [InlineData("Score:PairsPath", "userId,movieId\n1,\n", "line 2, column movieId: it is empty")]
    [InlineData("Score:PairsPath", "", "is empty")]
    [InlineData("Input:TitlesPath", "movieId,titel\n1,x\n", "there is no column title; there are movieId, titel")]
    public void ABadFileBesideTheLogIsRefusedBeforeAnyWork(string setting, string content, string says)
    {
        string path = Path.Combine(Path.GetDirectoryName(run.Path)!, "beside.csv");
        File.WriteAllText(path, content);
        string error = Refused("nightly", "--set", $"{setting}={path}");
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.Contains(path, error, StringComparison.Ordinal);
        Assert.Empty(RunHistory.Read(new RunNights(run.Path)).Records);
    }

    private string Refused(string verb, params string[] more)
    {
        string[] before = Everything();
        (int exitCode, string output, string error) = NcfSparkProcess.Run([verb, .. settings, .. more]);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Equal(before, Everything());
        return error;
    }

    private string[] Everything() => Directory.Exists(run.Path)
        ? [.. Directory.GetFileSystemEntries(run.Path, "*", SearchOption.AllDirectories)
            .Where(entry => !Path.GetFileName(entry).StartsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
        : [];
}
