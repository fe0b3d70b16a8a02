namespace NcfSpark.Kernels;

/// <summary>How one part of the model is updated.</summary>
public readonly record struct PartRule
{
    public Optimizer Optimizer { get; init; }

    /// <summary>The step size at this update.</summary>
    public double LearningRate { get; init; }

    /// <summary>Coupled L2: half of this times the squared length of a sample's rows is part of its loss. Rows only.</summary>
    public double L2 { get; init; }

    /// <summary>Decoupled decay: an update first shrinks what it touches by the factor 1 - rate · decay (Loshchilov and Hutter 2019). Rows only.</summary>
    public double Decay { get; init; }
}
