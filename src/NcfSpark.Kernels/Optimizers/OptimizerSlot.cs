namespace NcfSpark.Kernels;

/// <summary>Which of the three values that each weight has.</summary>
public enum OptimizerSlot
{
    /// <summary>The weight itself.</summary>
    Weight,

    /// <summary>Adam's m.</summary>
    FirstMoment,

    /// <summary>Adam's v.</summary>
    SecondMoment,
}
