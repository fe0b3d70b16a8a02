using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Benchmarks;

/// <summary>A model whose users are all scored against a catalogue: so many that a pass over them takes a second or less, since users are alike.</summary>
internal sealed record ScoreCase(string Name, ModelOptions Model, int Users, int Items)
{
    public const int K = 10;

    public static IEnumerable<ScoreCase> All()
    {
        const int MovieLens20M = 26_744;
        // The NCF paper's largest model, and one of the same sizes whose score is a dot product.
        yield return new("seed neumf 64-32-16-8", new ModelOptions { EmbeddingSize = 32, MlpEmbeddingSize = 32, MlpLayers = [64, 32, 16, 8], EmbeddingInit = 0.5 }, 1024, MovieLens20M);
        yield return new("gmf 64", new ModelOptions { Kind = "gmf", EmbeddingSize = 64, EmbeddingInit = 0.5 }, 32_768, MovieLens20M);
        yield return new("mf 64 with biases", new ModelOptions { Kind = "mf", EmbeddingSize = 64, EmbeddingInit = 0.3 }, 32_768, MovieLens20M);
        yield return new("mlperf neumf 256-128-64", new ModelOptions { EmbeddingSize = 64, MlpEmbeddingSize = 128, MlpLayers = [256, 128, 64], EmbeddingInit = 0.5 }, 128, MovieLens20M);
    }
}
