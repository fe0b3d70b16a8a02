using System.Text.Json.Nodes;
using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests.Nights;

/// <summary>Nights whose model learns nothing, so that a baseline serves (Nightly:WhenBaselineWins).</summary>
[Trait("Category", "Slow")]
public sealed class BaselineNightTests : IDisposable
{
    private readonly RunDirectory run = new();
    private readonly RunNights nights;
    private readonly string[] settings;

    public BaselineNightTests()
    {
        nights = new RunNights(run.Path);
        settings =
        [
            .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--set", "Train:Epochs=1", "--set", "Train:LearningRate=1e-9",
            "--set", "Nightly:Gate=true", "--set", "Nightly:Refit=true", "--set", "Nightly:WhenBaselineWins=serve", "--set", "Score:SimilarItems=3",
            "--run", run.Path,
        ];
    }

    public void Dispose() => run.Dispose();

    [Fact]
    public void TheBaselineMakesTheListsIsComparedWithTheNextNightAndIsRolledBackTo()
    {
        string first = NcfSparkProcess.RunWell(["nightly", .. settings, "--set", "Nightly:Night=2026-01-01"]);
        string title = Gate("2026-01-01")["figures"]!["strongest_baseline"]!["title"]!.GetValue<string>();
        Assert.Contains($", by a baseline, {title}, and not by the model\n", first, StringComparison.Ordinal);
        Assert.Equal(["baseline"], ParquetColumns.ReadStrings(run.File("2026-01-01", "predictions", "recommendations"), "source").Distinct());
        Assert.False(Directory.Exists(run.File("2026-01-01", "refit")));
        Assert.Contains("  by baseline\n", NcfSparkProcess.RunWell("show", "1", "--run", run.Path), StringComparison.Ordinal);
        Assert.Contains($"so {title} serves", string.Join(' ', NcfSparkProcess.RunWell("status", "--run", run.Path).Split([' ', '\n'],
            StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);

        foreach (string format in new[] { "onnx", "parquet" })
        {
            (int exitCode, _, string error) = NcfSparkProcess.Run("export", "--format", format, "--run", run.Path);
            Assert.Equal(2, exitCode);
            Assert.Contains("A baseline serves in", error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(run.File("export")));
        }

        NcfSparkProcess.RunWell(["nightly", .. settings, "--set", "Nightly:Night=2026-01-02", "--set", "Train:Seed=2"]);
        JsonNode figures = Gate("2026-01-02")["figures"]!;
        Assert.Equal(0, figures["baseline_against_incumbent"]!["value"]!.GetValue<double>(), tolerance: 1e-9); // the same log, so the same baseline
        Assert.Equal("2026-01-02", nights.Production);
        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=a test"]);
        Assert.Equal("2026-01-01", nights.Production);

        // By hand the night's model is the baseline, too: another seed changes no list of it.
        string[] before = ParquetColumns.ReadAsText(run.File("2026-01-02", "predictions", "recommendations"), "item_id");
        Assert.Equal(before, ParquetColumns.ReadAsText(run.File("2026-01-01", "predictions", "recommendations"), "item_id"));
    }

    private JsonNode Gate(string night) => JsonNode.Parse(File.ReadAllText(run.File(night, "report", "report.json")))!["gate"]!;
}
