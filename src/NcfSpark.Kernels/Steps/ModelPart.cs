namespace NcfSpark.Kernels;

/// <summary>A part of NeuMF that is one matrix in plain memory.</summary>
public enum ModelPart
{
    /// <summary>[users, GMF size]</summary>
    UserGmf,

    /// <summary>[users, MLP size]</summary>
    UserMlp,

    /// <summary>[users, 1]</summary>
    UserBias,

    /// <summary>[items, GMF size]</summary>
    ItemGmf,

    /// <summary>[items, MLP size]</summary>
    ItemMlp,

    /// <summary>[items, 1]</summary>
    ItemBias,

    /// <summary>
    /// [outputs, inputs] of a layer; the first layer's inputs are the user's embedding, then the item's.
    /// </summary>
    LayerWeight,

    /// <summary>[1, outputs] of a layer.</summary>
    LayerBias,

    /// <summary>[1, GMF size + last layer's outputs]</summary>
    Head,

    /// <summary>[1, 1]</summary>
    HeadBias,
}
