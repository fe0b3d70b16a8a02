using System.Text.Json.Serialization;

namespace NcfSpark.Kernels;

/// <summary>The optimizer of a part of the model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Optimizer>))]
public enum Optimizer
{
    /// <summary>Adam (Kingma and Ba 2015), on the gradient of the batch's mean loss.</summary>
    [JsonStringEnumMemberName("adam")]
    Adam,

    /// <summary>
    /// Plain gradient descent on the gradient of the batch's summed loss: to first order, the sum of updates made one
    /// sample at a time.
    /// </summary>
    [JsonStringEnumMemberName("sgd")]
    Sgd,
}

/// <summary>One of the three values that are kept for each trained number.</summary>
public enum OptimizerSlot
{
    /// <summary>The weight itself.</summary>
    Weight,

    /// <summary>Adam's m.</summary>
    FirstMoment,

    /// <summary>Adam's v.</summary>
    SecondMoment,
}

/// <summary>How the optimizer updates one part of the model.</summary>
public readonly record struct PartRule
{
    public Optimizer Optimizer { get; init; }

    /// <summary>The step size at this update.</summary>
    public double LearningRate { get; init; }

    /// <summary>
    /// Coupled L2: half of this times the squared length of a sample's rows is part of its loss. Rows only.
    /// </summary>
    public double L2 { get; init; }

    /// <summary>
    /// Decoupled decay: an update first shrinks what it touches by the factor 1 - rate · decay (Loshchilov and Hutter
    /// 2019). Rows only.
    /// </summary>
    public double Decay { get; init; }
}
