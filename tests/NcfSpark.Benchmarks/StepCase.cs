using NcfSpark.Model;
using NcfSpark.Training.Tests;

namespace NcfSpark.Benchmarks;

/// <summary>A network on tables of a size, in batches of a size.</summary>
internal sealed record StepCase(string Shape, ModelOptions Model, int Users, int Items, int BatchSize)
{
    public string Name => $"{Shape} {Users}x{Items} batch {BatchSize}";

    /// <summary>Two for each weight of the layers and head, forward, backward to its input, and for its own gradient.</summary>
    public double FlopPerSample
    {
        get
        {
            int[] widths = [2 * Model.MlpEmbeddingSize, .. Model.MlpLayers];
            return 6.0 * (widths.Zip(widths[1..]).Sum(layer => layer.First * layer.Second) + Model.EmbeddingSize + widths[^1]);
        }
    }

    public static IEnumerable<StepCase> All()
    {
        // The shape of the NCF paper's largest model, with the AWS sample's dropout; and that of MLPerf Training 0.5's recommendation benchmark.
        var seed = PlainOptions.Model with { EmbeddingSize = 32, MlpEmbeddingSize = 32, MlpLayers = [64, 32, 16, 8], Dropout = [0.25, 0.25, 0.25] };
        var mlperf = PlainOptions.Model with { EmbeddingSize = 64, MlpEmbeddingSize = 128, MlpLayers = [256, 128, 64] };
        foreach ((int users, int items) in new[] { (6040, 3706), (138_493, 26_744) }) // MovieLens 1M and 20M
        {
            foreach (int batch in new[] { 256, 1024, 4096, 16_384 }) yield return new("seed", seed, users, items, batch);
        }

        foreach ((int users, int items) in new[] { (6040, 3706), (138_493, 26_744) })
        {
            foreach (int batch in new[] { 256, 1024, 4096, 16_384 }) yield return new("mlperf", mlperf, users, items, batch);
        }
    }
}
