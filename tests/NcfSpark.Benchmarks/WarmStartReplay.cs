using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Jobs;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Each night twice: from chance with the configuration's epochs, and from the model of the night before, itself started so, with a third of them. Both are
/// validated after every epoch on the same users: NDCG@10 over the whole catalogue.
/// </summary>
internal static class WarmStartReplay
{
    public static WarmStartFigures[] Run(ReplayedNights nights, int count)
    {
        NcfSparkConfiguration settings = nights.Settings(validation: true);
        TrainOptions cold = settings.Train with { Patience = 0 }, warm = cold with { Epochs = cold.Epochs / 3 };
        var figures = new List<WarmStartFigures>();
        TrainedModel? before = null;
        Console.WriteLine($"{"night",5} {"users",6} {"cold NDCG@10",24} {"warm NDCG@10",13} {"warm - cold, paired",28} {"epochs: cold to its lower bound",32} "
            + $"{"warm",5} {"warm to cold's own figure",26}");
        for (int night = 0; night < count; night++)
        {
            PreparedData prepared = nights.Prepare(night, settings);
            TrainingSet set = TrainingSet.Read(prepared, settings.Prepare.NegativesAvoid == AvoidedItems.Touched);
            (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
            var ranking = new RankingEvaluator(InteractionLists.FromRows(set.UserCount, users, items), prepared.ReadHeldOut("validation"), [10]);
            Trained Train(TrainOptions train, ModelWeights? initial)
            {
                PerUserMetric? last = null;
                TrainingResult result = nights.Train(settings, train, set, weights => (last = Ndcg(ranking, weights, settings)).Value, initial);
                return new(result, last!);
            }

            Trained fromChance = Train(cold, null);
            TrainedModel Kept(Trained trained) => new(trained.Result.Weights, prepared.ReadUsers(), prepared.ReadItems());
            if (before is null)
            {
                before = Kept(fromChance);
                continue;
            }

            Trained fromBefore = Train(warm, WarmStart.From(before, settings.Model, prepared.ReadUsers(), prepared.ReadItems()));
            before = Kept(fromBefore);
            WarmStartFigures measured = Compare(night, fromChance, fromBefore);
            figures.Add(measured);
            Console.WriteLine($"{night,5} {measured.Users,6} {$"{measured.Cold:F4} ({measured.ColdLow:F4}-{measured.ColdHigh:F4})",24} {measured.Warm,13:F4} "
                + $"{$"{measured.Difference:+0.0000;-0.0000} ({measured.DifferenceLow:+0.0000;-0.0000} to {measured.DifferenceHigh:+0.0000;-0.0000})",28} "
                + $"{measured.ColdEpochsToBound,32} {Show(measured.WarmEpochsToBound),5} {Show(measured.WarmEpochsToCold),26}");
        }

        return [.. figures];
    }

    private static PerUserMetric Ndcg(RankingEvaluator ranking, ModelWeights weights, NcfSparkConfiguration settings)
    {
        using IModelScorer scorer = Scorers.Of(weights);
        return ranking.Evaluate(scorer, 0, SilentProgress.Instance).Metrics.Single(metric => metric.Name == "ndcg@10");
    }

    private static WarmStartFigures Compare(int night, Trained cold, Trained warm)
    {
        double[][] resampled = new Bootstrap(cold.Last.Sums.Length, 1000, RandomStream.Named(1, "bootstrap", night)).Resample([cold.Last, warm.Last], 0);
        (double low, double high) = Bootstrap.Interval(resampled[0]);
        (double differenceLow, double differenceHigh) = Bootstrap.Interval([.. resampled[1].Zip(resampled[0], (w, c) => w - c)]);
        return new(
            cold.Last.Sums.Length, cold.Last.Value, low, high, warm.Last.Value, differenceLow, differenceHigh,
            FirstAtLeast(cold, low)!.Value, FirstAtLeast(warm, low), FirstAtLeast(warm, cold.Last.Value), cold.Result.Epochs.Count, warm.Result.Epochs.Count);
    }

    private static int? FirstAtLeast(Trained trained, double level) => trained.Result.Epochs.FirstOrDefault(epoch => epoch.ValidationNdcg >= level)?.Epoch;

    private static string Show(int? epoch) => epoch is null ? "-" : $"{epoch}";

    private sealed record Trained(TrainingResult Result, PerUserMetric Last);
}

/// <summary>A night's cold and warm start.</summary>
/// <param name="Users">Users validated on.</param>
/// <param name="Cold">NDCG@10 after the cold start's last epoch.</param>
/// <param name="ColdLow">The lower end of its 95 % interval.</param>
/// <param name="Warm">NDCG@10 after the warm start's last epoch.</param>
/// <param name="DifferenceLow">The lower end of the interval of warm minus cold, paired by user.</param>
/// <param name="ColdEpochsToBound">The cold start's first epoch that reaches ColdLow.</param>
/// <param name="WarmEpochsToBound">The warm start's; null where none does.</param>
/// <param name="WarmEpochsToCold">The warm start's first epoch that reaches Cold itself; null where none does.</param>
/// <param name="ColdEpochs">Epochs of the cold start.</param>
/// <param name="WarmEpochs">Epochs of the warm start.</param>
internal sealed record WarmStartFigures(
    int Users, double Cold, double ColdLow, double ColdHigh, double Warm, double DifferenceLow, double DifferenceHigh, int ColdEpochsToBound,
    int? WarmEpochsToBound, int? WarmEpochsToCold, int ColdEpochs, int WarmEpochs)
{
    public double Difference => Warm - Cold;
}
