using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>The rows that B pairs take from the embedding tables; null where the model has no such table.</summary>
public sealed class EmbeddingRows
{
    /// <param name="rowsOf">Gives the rows [B, columns] from the table of a name such as "user_gmf.weight", or null.</param>
    public EmbeddingRows(Func<string, Tensor?> rowsOf)
    {
        (UserGmf_BE, ItemGmf_BE) = (rowsOf("user_gmf.weight"), rowsOf("item_gmf.weight"));
        (UserMlp_BM, ItemMlp_BM) = (rowsOf("user_mlp.weight"), rowsOf("item_mlp.weight"));
        (UserBias_B1, ItemBias_B1) = (rowsOf("user_bias.weight"), rowsOf("item_bias.weight"));
    }

    /// <summary>The pool of each pair's user; null where users have no history.</summary>
    public PoolRows? Pool { get; init; }

    public Tensor? UserGmf_BE { get; }

    public Tensor? ItemGmf_BE { get; }

    public Tensor? UserMlp_BM { get; }

    public Tensor? ItemMlp_BM { get; }

    public Tensor? UserBias_B1 { get; }

    public Tensor? ItemBias_B1 { get; }
}
