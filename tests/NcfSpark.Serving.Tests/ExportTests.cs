using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Model;
using NcfSpark.Nightly;

namespace NcfSpark.Serving.Tests;

/// <summary>What `export` writes of the night in production. OnnxTests (Model) run the graphs.</summary>
[Collection(SampleRuns.Name)]
public sealed class ExportTests(HistoryRun history, RulesRun rules)
{
    [Fact]
    public void TheProductOfExportedVectorsIsTheLogitOfTheScore()
    {
        history.Nights.PutInProduction(SampleRun.Second);
        string to = Path.Combine(history.Folder, "vectors");
        foreach (int _ in new[] { 1, 2 }) // the second replaces the first
        {
            IReadOnlyList<string> written = ModelExport.Write(history.Nights.Path, ExportFormat.Parquet, to);
            Assert.Equal(["item_vectors.parquet", "user_vectors.parquet"], written.Select(Path.GetFileName));
        }

        TrainedModel model = history.ModelOf(SampleRun.Second);
        using ISessionScorer scorer = Scorers.Of(model.Weights);
        float[] scores = new float[model.Users.Count * model.Items.Count];
        scorer.ScoreAll([.. Enumerable.Range(0, model.Users.Count)], scores);
        using var engine = new DuckDbEngine(new DuckDbOptions()); // another reader of Parquet than the one that wrote it
        foreach (string side in new[] { "user", "item" }) engine.ReadParquet($"{side}s", [Path.Combine(to, $"{side}_vectors.parquet")]);
        var rows = engine.Query("""
            SELECT user_id, item_id, 1 / (1 + exp(-list_dot_product(u.vector, i.vector))), u.interactions, len(u.vector) FROM users u, items i
            """);
        Assert.Equal(scores.Length, rows.Count);
        foreach (IReadOnlyList<object?> row in rows)
        {
            (int user, int item) = (model.Users.Find((long)row[0]!), model.Items.Find((long)row[1]!));
            Assert.Equal(scores[user * model.Items.Count + item], (double)row[2]!, 1e-5);
            Assert.Equal((model.Users.Interactions[user], 10), ((int)(long)row[3]!, (int)(long)row[4]!)); // 8, and two for the biases
        }
    }

    [Fact]
    public void GraphsAreWrittenWholeAndNothingElseIsReplaced()
    {
        rules.Nights.PutInProduction(SampleRun.First);
        Assert.Equal(["pair_scorer.onnx", "pair_scorer_by_id.onnx"], ModelExport.Write(rules.Nights.Path, ExportFormat.Onnx, null).Select(Path.GetFileName));
        string taken = Path.Combine(rules.Folder, "taken");
        Directory.CreateDirectory(taken);
        File.WriteAllText(Path.Combine(taken, "mine.txt"), "");
        Assert.Contains("no earlier export", Refusal(ExportFormat.Onnx, taken), StringComparison.Ordinal);
        string none = Path.Combine(rules.Folder, "none");
        Assert.Contains("MLP over pairs", Refusal(ExportFormat.Parquet, none), StringComparison.Ordinal);
        Assert.Equal([], Directory.GetDirectories(rules.Folder, "none*"));
        string nowhere = Assert.Throws<InvalidInputException>(() => ModelExport.Write(none, ExportFormat.Onnx, null)).Message;
        Assert.Contains("is not there", nowhere, StringComparison.Ordinal);
        string empty = Directory.CreateDirectory(Path.Combine(rules.Folder, "empty")).FullName;
        Assert.Contains($"{empty} has no model",
            Assert.Throws<InvalidInputException>(() => ModelExport.Write(empty, ExportFormat.Onnx, null)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(empty));
    }

    private string Refusal(ExportFormat format, string to) =>
        Assert.Throws<InvalidInputException>(() => ModelExport.Write(rules.Nights.Path, format, to)).Message;
}
