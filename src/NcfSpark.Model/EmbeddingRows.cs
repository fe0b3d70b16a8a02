using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>The rows of the embedding tables that B pairs use; null where the model has no such table.</summary>
public sealed class EmbeddingRows
{
    /// <param name="rowsOf">Returns the rows [B, columns] of a table by its name, such as "user_gmf.weight", or
    /// null.</param>
    public EmbeddingRows(Func<string, Tensor?> rowsOf)
    {
        (UserGmf_BE, ItemGmf_BE) = (rowsOf("user_gmf.weight"), rowsOf("item_gmf.weight"));
        (UserMlp_BM, ItemMlp_BM) = (rowsOf("user_mlp.weight"), rowsOf("item_mlp.weight"));
        (UserBias_B1, ItemBias_B1) = (rowsOf("user_bias.weight"), rowsOf("item_bias.weight"));
    }

    /// <summary>The pool of each pair's user; null if the model has no user history.</summary>
    public PoolRows? Pool { get; init; }

    /// <summary>What attention makes of the latest items of each pair's user; null if the model has none.</summary>
    public Tensor? Attended_BE { get; init; }

    public Tensor? UserGmf_BE { get; }

    public Tensor? ItemGmf_BE { get; }

    public Tensor? UserMlp_BM { get; }

    public Tensor? ItemMlp_BM { get; }

    public Tensor? UserBias_B1 { get; }

    public Tensor? ItemBias_B1 { get; }
}

/// <summary>
/// The pools of B pairs' users: the latest items of each user before the pair, latest first, up to K = Model:History:Length.
/// </summary>
/// <param name="Items_BKE">Their rows of item_history.weight; 0 where a user has fewer items.</param>
/// <param name="Shares_BK">The share of each item in its pool (<see cref="PoolShares"/>); they add up to 1. 0 where a
/// user has fewer items.</param>
/// <param name="Temporal_BF">The pools' <see cref="TemporalFeatures"/> as 0 and 1; null if the model does not use
/// them.</param>
/// <param name="Dropout_BW">The dropout mask of the user encoder's MLP, of 0 and 1 / (1 - rate); null for none.</param>
public sealed record PoolRows(Tensor Items_BKE, Tensor Shares_BK, Tensor? Temporal_BF = null, Tensor? Dropout_BW = null);
