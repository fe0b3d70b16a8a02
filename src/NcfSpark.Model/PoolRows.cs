using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>The pools of B pairs' users, latest item first, each up to K = HistoryLength items.</summary>
/// <param name="Items_BKE">Their rows of item_history.weight; 0 where a user has fewer items.</param>
/// <param name="Shares_BK">What each counts, together 1 (<see cref="PoolShares"/>); 0 where a user has fewer.</param>
/// <param name="Temporal_BF">The marks of their <see cref="TemporalFeatures"/>; null where the model does not see them.</param>
/// <param name="Dropout_BW">The mask of the user's MLP of 0 and 1 / (1 - rate); null for none.</param>
public sealed record PoolRows(Tensor Items_BKE, Tensor Shares_BK, Tensor? Temporal_BF = null, Tensor? Dropout_BW = null);
