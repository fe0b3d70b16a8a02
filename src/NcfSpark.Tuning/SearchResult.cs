using NcfSpark.Evaluation;

namespace NcfSpark.Tuning;

/// <summary>What a search came to.</summary>
/// <param name="Trials">All trials, in order.</param>
/// <param name="Brackets">How many brackets there was time for.</param>
/// <param name="Candidates">How many candidates were tried, without the configuration itself.</param>
/// <param name="Seconds">What all trials took.</param>
/// <param name="Finalists">The best first; the configuration itself is among them unless it failed.</param>
internal sealed record SearchResult(IReadOnlyList<Trial> Trials, int Brackets, int Candidates, double Seconds, IReadOnlyList<Finalist> Finalists)
{
    /// <summary>What the baselines reach on the same rows; null where the kind of model is not searched.</summary>
    public ChosenBaselines? Baselines { get; init; }

    /// <summary>The kinds of models that were to be tried; empty where the kind is not searched.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>The baseline that is better than every model that was tried; null where there is none.</summary>
    public BaselineFigures? Better => Baselines?.Figures.FirstOrDefault(one => one.Key == Baselines.Strongest && one.Validation?.Value > Finalists[0].Mean);
}

/// <summary>One of the best candidates.</summary>
/// <param name="Epochs">The number of epochs that was best for it.</param>
/// <param name="Found">NDCG@10 on validation by which it became a finalist: the best of many, so too high.</param>
/// <param name="Finals">Its trainings with other seeds; empty where there was no time.</param>
internal sealed record Finalist(Candidate Candidate, int Epochs, double Found, IReadOnlyList<Trial> Finals)
{
    /// <summary>Mean NDCG@10 over the final seeds, 0 for one that failed; without any, what it was found by.</summary>
    public double Mean => Finals.Count == 0 ? Found : Finals.Average(trial => trial.Ndcg ?? 0);

    /// <summary>Mean HR@10 over the final seeds; null without any.</summary>
    public double? HitRate => Finals.Count == 0 ? null : Finals.Average(trial => trial.HitRate ?? 0);

    /// <summary>The standard deviation of NDCG@10 over the final seeds; null with fewer than two.</summary>
    public double? Deviation => Finals.Count < 2 ? null : Math.Sqrt(Finals.Sum(trial => Math.Pow((trial.Ndcg ?? 0) - Mean, 2)) / (Finals.Count - 1));
}
