using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels.Tests;

/// <summary>The batch that README.md of NcfSpark.Kernels follows through a step: its tables are read and must hold.</summary>
public sealed class WorkedExampleTests
{
    private const double Tolerance = 1e-4; // the page has four decimals

    private static readonly NetworkShape Shape = new() { GmfSize = 2, MlpSize = 2, Layers = [2] };
    private static readonly (int User, int Item, float Label)[] Drawn = [(1, 0, 1), (0, 2, 0), (1, 2, 0)];
    private static readonly string[][] Rows = [.. File.ReadLines(PagePath()).Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];

    private static string[][] Samples => [.. Rows.Where(row => row.Length == 11 && row[0] != "user")];

    private static (ModelPart Part, float[] Before, float[] After)[] Parts =>
        [.. from row in Rows where row.Length == 3 && row[0] != "part" select (Enum.Parse<ModelPart>(row[0].Split(' ')[0]), Values(row[1]), Values(row[2]))];

    [Fact]
    public void AStepChangesThePartsAsThePageSays()
    {
        using var step = new FusedStep(Shape, userCount: 2, itemCount: 3, Drawn.Length, threads: 1, SimdLevels.Best);
        Assert.Equal(8, Parts.Length);
        foreach ((ModelPart part, float[] before, _) in Parts) step.Parameters.Set(part, OptimizerSlot.Weight, before);
        double losses = 0;
        Assert.Equal(1, step.Run(new Feed(), 1, ref losses));
        Assert.Equal(Samples.Sum(row => Values(row[9])[0]), losses, Tolerance);
        foreach ((ModelPart part, _, float[] after) in Parts)
        {
            float[] actual = new float[after.Length];
            step.Parameters.Get(part, OptimizerSlot.Weight, actual);
            foreach ((float expected, float value) in after.Zip(actual)) Assert.Equal(expected, value, Tolerance);
        }
    }

    [Fact]
    public unsafe void SamplesAreGroupedAndRoutedAsThePageSays()
    {
        using var raw = new RawBatch(Drawn.Length) { Count = Drawn.Length };
        for (int b = 0; b < Drawn.Length; b++) (raw.Users[b], raw.Items[b], raw.Labels[b]) = Drawn[b];
        using RowSort userSort = new(2, Drawn.Length), itemSort = new(3, Drawn.Length);
        using var grouped = new GroupedBatch(Drawn.Length);
        grouped.Group(raw, userSort, itemSort);
        Assert.Equal(Drawn.Length, Samples.Length);
        for (int b = 0; b < Drawn.Length; b++)
        {
            string[] actual =
            [
                $"{grouped.Users[b]}", $"{grouped.Items[b]}", $"{grouped.Labels[b]}", $"{grouped.UserRouting[b]}", $"{grouped.ItemRouting[b]}",
            ];
            Assert.Equal(Samples[b][..5], actual);
        }
    }

    [Fact]
    public void TheForwardPassFollowsFromTheEquations()
    {
        Dictionary<ModelPart, float[]> before = Parts.ToDictionary(part => part.Part, part => part.Before);
        foreach (string[] row in Samples)
        {
            (int user, int item, float label) = (int.Parse(row[0]), int.Parse(row[1]), float.Parse(row[2]));
            float[] p = before[ModelPart.UserGmf][(2 * user)..(2 * user + 2)], q = before[ModelPart.ItemGmf][(2 * item)..(2 * item + 2)];
            float[] x = [.. before[ModelPart.UserMlp][(2 * user)..(2 * user + 2)], .. before[ModelPart.ItemMlp][(2 * item)..(2 * item + 2)]];
            float[] product = [p[0] * q[0], p[1] * q[1]];
            float[] weight = before[ModelPart.MlpWeight], head = before[ModelPart.HeadWeight];
            float[] a = [.. before[ModelPart.MlpBias].Select((bias, n) => bias + x.Select((value, k) => value * weight[4 * n + k]).Sum())];
            float[] joined = [.. product, Math.Max(a[0], 0), Math.Max(a[1], 0)];
            double logit = before[ModelPart.HeadBias][0] + head.Zip(joined, (h, value) => h * value).Sum();
            double score = 1 / (1 + Math.Exp(-logit)), loss = -Math.Log(label == 1 ? score : 1 - score);
            double[] expected = [.. product, .. a, logit, score, loss, (score - label) / Drawn.Length];
            foreach ((double value, float shown) in expected.Zip(row[5..].SelectMany(Values))) Assert.Equal(value, shown, Tolerance);
        }
    }

    private static float[] Values(string cell) => [.. cell.Split([' ', ';'], StringSplitOptions.RemoveEmptyEntries).Select(float.Parse)];

    private static string PagePath([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/NcfSpark.Kernels/README.md"));

    private sealed class Feed : IBatchFeed
    {
        public BatchTerms TermsOf(long batch)
        {
            var rule = new PartRule { Optimizer = Optimizer.Sgd, LearningRate = 0.1 };
            return new BatchTerms(Drawn.Length, Step: 1, DropoutKey: 0, rule, rule, rule);
        }

        public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            for (int b = 0; b < users.Length; b++) (users[b], items[b], labels[b]) = Drawn[start + b];
            weights.Fill(1);
        }
    }
}
