namespace NcfSpark.Kernels;

/// <summary>A part of a model with a user history that is one matrix in plain memory.</summary>
public enum UserHistoryPart
{
    /// <summary>p [users, size]</summary>
    User,

    /// <summary>q [items, size]</summary>
    Item,

    /// <summary>y [items, size]</summary>
    Pool,

    /// <summary>[users, 1]</summary>
    UserBias,

    /// <summary>[items, 1]</summary>
    ItemBias,

    /// <summary>
    /// V_1 [hidden, (lags + 2) size + temporal features]; its inputs are the latest items, the pool, the user's
    /// embedding and the temporal features.
    /// </summary>
    HiddenWeight,

    /// <summary>c_1 [1, hidden]</summary>
    HiddenBias,

    /// <summary>V_2 [size, hidden]</summary>
    OutputWeight,

    /// <summary>c_2 [1, size]</summary>
    OutputBias,

    /// <summary>b [1, 1]</summary>
    HeadBias,
}
