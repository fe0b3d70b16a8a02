namespace NcfSpark.Benchmarks;

/// <summary>A model that is trained and then scores everybody.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rank">The number of factors where a score is a dot product, which Spark's ALS has, too; 0 for others.</param>
/// <param name="Settings">Over those of conf/ml-1m.json.</param>
internal sealed record ScoreCase(string Name, int Rank, string[] Settings)
{
    public const int K = 10;

    public static IReadOnlyList<ScoreCase> All { get; } =
    [
        new("seed neumf 64-32-16-8", 0, ["Model:Kind=neumf", "Model:EmbeddingSize=32", "Model:MlpEmbeddingSize=32", "Model:MlpLayers=[64,32,16,8]", "Model:Dropout=[0.25,0.25,0.25]"]),
        new("gmf 64", 64, ["Model:Kind=gmf", "Model:EmbeddingSize=64", "Model:EmbeddingInit=0.1"]),
        new("mf 64 with biases", 64, ["Model:Kind=mf", "Model:EmbeddingSize=64", "Model:EmbeddingInit=0.1"]),
    ];
}
