using System.Text.Json;
using NcfSpark.Evaluation;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Nights replayed from ml-latest-small by time: what a warm start saves, and what training again on everything gains
/// on the next night's interactions.
/// </summary>
internal static class NightsBenchmark
{
    /// <param name="args">How many nights ("30" where left out), "warm" or "refit" for one of the two alone, and
    /// settings such as Train:Embeddings:LearningRate=0.03.</param>
    public static int Run(string[] args)
    {
        int count = args.Select(arg => int.TryParse(arg, out int number) ? number : 0).FirstOrDefault(number => number > 1, 30);
        using var nights = new ReplayedNights(count, [.. args.Where(arg => arg.Contains('=', StringComparison.Ordinal))]);
        WarmStartFigures[] warm = args.Contains("refit") ? [] : WarmStartReplay.Run(nights, count);
        RefitFigures? refit = args.Contains("warm") ? null : RefitReplay.Run(nights, count);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            warm_start = warm.Length == 0 ? null : new
            {
                // Never reached: as many as the cold start.
                warm_epochs_over_cold_epochs = Round(warm.Average(night => (double)(night.WarmEpochsToBound ?? night.WarmEpochs * 3) / night.ColdEpochs)),
                warm_epochs_over_cold_epochs_to_the_same = Round(
                    warm.Average(night => (double)(night.WarmEpochsToBound ?? night.WarmEpochs * 3) / night.ColdEpochsToBound)),
                nights_that_reached = warm.Count(night => night.WarmEpochsToBound is not null),
                nights_that_reached_colds_own_figure = warm.Count(night => night.WarmEpochsToCold is not null),
                warm_epochs = Round(warm.Average(night => night.WarmEpochsToBound ?? night.WarmEpochs * 3)),
                cold_epochs_to_the_same = Round(warm.Average(night => night.ColdEpochsToBound)),
                warm_ndcg = Round(warm.Average(night => night.Warm)),
                cold_ndcg = Round(warm.Average(night => night.Cold)),
                worst_difference = Round(warm.Min(night => night.Difference)),
                nights_certainly_worse = warm.Count(night => night.DifferenceHigh < 0),
                nights_certainly_better = warm.Count(night => night.DifferenceLow > 0),
            },
            refit = refit is null ? null : new
            {
                gain_over_measured = Round(refit.Refit / refit.Measured),
                gain = Round(refit.Refit - refit.Measured),
                gain_low = Round(refit.GainLow),
                gain_high = Round(refit.GainHigh),
                measured_ndcg = Round(refit.Measured),
                refit_ndcg = Round(refit.Refit),
                popularity_ndcg = Round(refit.Popularity),
                user_nights = refit.UserNights,
            },
            nights = count,
        }));
        return 0;
    }

    private static double Round(double value) => Math.Round(value, 4);
}
