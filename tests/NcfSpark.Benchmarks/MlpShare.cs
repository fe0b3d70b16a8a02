using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Jobs;
using NcfSpark.Model;

namespace NcfSpark.Benchmarks;

/// <summary>
/// What the MLP of a trained NeuMF is worth: the model measured on its test rows as it is, and with the head's weights
/// of the MLP's output set to 0.
/// </summary>
internal static class MlpShare
{
    public static int Run(string[] args)
    {
        if (args is not [var run])
        {
            Console.Error.WriteLine("Usage: bench mlp RUN, where RUN is a run directory, or a night, with a trained model of Model:Kind neumf.");
            return 2;
        }

        EvaluationData data = EvaluationData.From(PreparedData.Open(run));
        ModelWeights weights = TrainedModel.Read(StageDirectory.Open(run, TrainedModel.StageName)).Weights;
        Console.WriteLine($"{"",12} {"HR@10, candidates",18} {"NDCG@10",8} {"HR@10, catalogue",17} {"NDCG@10",8}");
        double[] whole = Measure("as it is", weights, data);
        weights.Head!.Values[weights.Options.EmbeddingSize..].Clear();
        double[] without = Measure("without MLP", weights, data);
        Console.WriteLine(FormattableString.Invariant(
            $$"""{"hr_of_mlp": {{whole[0] - without[0]:F4}}, "hr": {{whole[0]:F4}}, "hr_without": {{without[0]:F4}}}"""));
        return 0;
    }

    private static double[] Measure(string name, ModelWeights weights, EvaluationData data)
    {
        using IModelScorer scorer = Scorers.Of(weights);
        EvaluationResult result = Evaluator.Run(data, [new NamedScorer("model", name, scorer, ScoresAreProbabilities: true)],
            new EvaluateOptions { CutOffs = [10], BootstrapSamples = 0 }, SilentProgress.Instance);
        double[] figures = [.. new[] { result.Sampled, result.WholeCatalogue }.SelectMany(
            protocol => new[] { "hr@10", "ndcg@10" }.Select(metric => protocol?.Scorers[0].Metrics[metric]?.Value ?? double.NaN))];
        Console.WriteLine(FormattableString.Invariant($"{name,12} {figures[0],18:F4} {figures[1],8:F4} {figures[2],17:F4} {figures[3],8:F4}"));
        return figures;
    }
}
