namespace NcfSpark.Kernels;

/// <summary>Which of the three values that each weight has.</summary>
public enum Moment
{
    /// <summary>The weight itself.</summary>
    Weight,

    /// <summary>Adam's m.</summary>
    First,

    /// <summary>Adam's v.</summary>
    Second,
}
