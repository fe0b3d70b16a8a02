namespace NcfSpark.Preparation.Tests;

/// <summary>With stored negatives, which the defaults do not have.</summary>
internal static class PlainOptions
{
    public static PrepareOptions Prepare { get; } = new() { NegativesPerPositive = 5, NegativesAvoid = AvoidedItems.Touched };
}
