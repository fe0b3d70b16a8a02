using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Jobs;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>
/// What training again on everything gains on the interactions between a night and the next. Both models are scored as they would serve, by each user's whole
/// history; popularity and what the user has seen are of the night.
/// </summary>
internal static class RefitReplay
{
    public static RefitFigures Run(ReplayedNights nights, int count)
    {
        NcfSparkConfiguration settings = nights.Settings(validation: false);
        TrainOptions train = settings.Train with { Patience = 0 };
        List<double> measured = [], refitted = [], popularity = [];
        Console.WriteLine($"{"night",5} {"users with more",16} {"measured NDCG@10",17} {"refit NDCG@10",14} {"popularity",11}");
        for (int night = 0; night < count - 1; night++)
        {
            PreparedData prepared = nights.Prepare(night, settings);
            InteractionRows next = nights.NextOf(night, prepared);
            if (next.Count == 0) continue;
            TrainingSet held = TrainingSet.Read(prepared, settings.Prepare.NegativesAvoid == AvoidedItems.Touched);
            TrainingSet whole = TrainingSet.ReadWhole(prepared, 0, train.Seed);
            var ranking = new RankingEvaluator(prepared.ReadTouched(), next, [10]);
            double[] Of(IScorer scorer) => ranking.Evaluate(scorer, 0, SilentProgress.Instance).Metrics.Single(metric => metric.Name == "ndcg@10").Sums;
            double[] Served(TrainingSet set)
            {
                ModelWeights weights = nights.Train(settings, train, set).Weights;
                if (settings.Model.HasPast)
                {
                    weights.Pools = UserPools.Latest(whole.UserCount, whole.Rows, settings.Model.PastLength, settings.Model.HasAttention);
                }

                using IModelScorer scorer = Scorers.Of(weights);
                return Of(scorer);
            }

            double[] before = Served(held), after = Served(whole);
            double[] popular = Of(new PopularityScorer(prepared.ReadItems().WithInteractions(whole.Rows.Items).Interactions));
            Console.WriteLine($"{night,5} {before.Length,16} {before.Average(),17:F4} {after.Average(),14:F4} {popular.Average(),11:F4}");
            measured.AddRange(before);
            refitted.AddRange(after);
            popularity.AddRange(popular);
        }

        double[] ones = [.. measured.Select(_ => 1.0)];
        double[][] resampled = new Bootstrap(ones.Length, 10_000, RandomStream.Named(1, "bootstrap"))
            .Resample([new("measured", [.. measured], ones), new("refit", [.. refitted], ones)], 0);
        (double low, double high) = Bootstrap.Interval([.. resampled[1].Zip(resampled[0], (r, m) => r - m)]);
        return new(ones.Length, measured.Average(), refitted.Average(), popularity.Average(), low, high);
    }
}

/// <summary>What serving a model that has seen everything gains on the next night.</summary>
/// <param name="UserNights">Users with interactions between a night and the next, summed over nights.</param>
/// <param name="Measured">NDCG@10 of the models that were measured, averaged over them.</param>
/// <param name="Refit">NDCG@10 of those trained again on everything.</param>
/// <param name="Popularity">NDCG@10 of popularity.</param>
/// <param name="GainLow">The lower end of the 95 % interval of the gain, paired by user and night.</param>
internal sealed record RefitFigures(int UserNights, double Measured, double Refit, double Popularity, double GainLow, double GainHigh);
