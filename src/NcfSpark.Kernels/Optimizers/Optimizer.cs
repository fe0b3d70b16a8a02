namespace NcfSpark.Kernels;

/// <summary>How a part of the model follows its gradient.</summary>
public enum Optimizer
{
    /// <summary>Adam (Kingma and Ba 2015), on the gradient of the batch's mean loss.</summary>
    Adam,

    /// <summary>Plain gradient descent on the gradient of the batch's summed loss: what updates one sample at a time would add up to.</summary>
    Sgd,
}
