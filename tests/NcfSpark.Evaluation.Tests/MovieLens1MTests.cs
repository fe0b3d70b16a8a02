using System.IO.Compression;
using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

/// <summary>A check of the evaluator that is independent of it: figures that are known for the NCF paper's split of ML-1M and its 99 candidates.</summary>
public class MovieLens1MTests
{
    private const int Users = 6040, Items = 3706;

    [SkippableFact]
    public void PopularityGivesTheKnownFigures()
    {
        string? folder = Folder();
        Skip.If(folder is null, "Needs MovieLens 1M in ../shared/data/ml-1m-ncf: conf/ml-1m.json says where to get it.");

        int[] interactions = new int[Items];
        foreach (string[] row in Rows(folder!, "train.rating")) interactions[int.Parse(row[1])]++;
        InteractionRows test = Logs.Rows([.. Rows(folder!, "test.rating").Select(row => (int.Parse(row[0]), int.Parse(row[1])))]);
        InteractionLists candidates = Logs.Lists(
            test.Count, [.. Rows(folder!, "test.negative").SelectMany((row, r) => row.Skip(1).Select(item => (r, int.Parse(item))))]);

        // Ties against: 156 rows of test.negative list the held-out item itself, which ties with itself like any other candidate.
        Assert.Equal((.45199, .25258), Figures(new PopularityScorer(interactions), candidates));

        // Ties by item id: no two items have the same score, and an item does not come before itself.
        int[] rows = [.. Enumerable.Range(0, test.Count).SelectMany(row => Enumerable.Repeat(row, candidates[row].Length))];
        InteractionLists others = Logs.Lists(test.Count, [.. rows.Zip(candidates.Items).Where(pair => pair.Second != test.Items[pair.First])]);
        Assert.Equal(156, candidates.Items.Length - others.Items.Length);
        int[] order = [.. Enumerable.Range(0, Items).OrderByDescending(item => interactions[item]).ThenBy(item => item)];
        float[] scores = new float[Items];
        for (int rank = 0; rank < Items; rank++) scores[order[rank]] = -rank;
        Assert.Equal((.45348, .25424), Figures(new TableScorer([.. Enumerable.Repeat(scores, Users)]), others));

        (double HitRate, double Ndcg) Figures(IScorer scorer, InteractionLists among)
        {
            IReadOnlyList<PerUserMetric> metrics = new SampledEvaluator(test, among, [10], Users).Evaluate(scorer, 0, SilentProgress.Instance);
            return (Math.Round(metrics[0].Value, 5), Math.Round(metrics[1].Value, 5));
        }
    }

    private static IEnumerable<string[]> Rows(string folder, string name)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(folder, $"ml-1m.{name}.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0) yield return line.Split('\t', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    private static string? Folder()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "NcfSpark.sln"))) at = at.Parent;
        string? folder = at is null ? null : Path.Combine(at.FullName, "..", "shared", "data", "ml-1m-ncf");
        return Directory.Exists(folder) ? folder : null;
    }
}
