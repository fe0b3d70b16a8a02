namespace NcfSpark.Benchmarks;

/// <summary>A night's cold and warm start.</summary>
/// <param name="Users">Users validated on.</param>
/// <param name="Cold">NDCG@10 after the cold start's last epoch.</param>
/// <param name="ColdLow">The lower end of its 95 % interval.</param>
/// <param name="ColdHigh">The upper end.</param>
/// <param name="Warm">NDCG@10 after the warm start's last epoch.</param>
/// <param name="DifferenceLow">The lower end of the interval of warm minus cold, paired by user.</param>
/// <param name="DifferenceHigh">The upper end.</param>
/// <param name="ColdEpochsToBound">The cold start's first epoch that reaches ColdLow.</param>
/// <param name="WarmEpochsToBound">The warm start's; null where none does.</param>
/// <param name="WarmEpochsToCold">The warm start's first epoch that reaches Cold itself; null where none does.</param>
/// <param name="ColdEpochs">Epochs of the cold start.</param>
/// <param name="WarmEpochs">Epochs of the warm start.</param>
internal sealed record WarmStartFigures(
    int Users, double Cold, double ColdLow, double ColdHigh, double Warm, double DifferenceLow, double DifferenceHigh, int ColdEpochsToBound, int? WarmEpochsToBound, int? WarmEpochsToCold, int ColdEpochs, int WarmEpochs)
{
    public double Difference => Warm - Cold;
}
