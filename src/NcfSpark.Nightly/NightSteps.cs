using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>
/// Says how far the whole night is, in a line as each of its steps begins: "[3/7 train] after 12 s; about 2.1 min left, as 2026-11-23 took; then evaluate,
/// refit, score, put into production". What is left is what the last night in production took that made all stages.
/// </summary>
internal sealed class NightSteps
{
    private static readonly (string Name, string? Stage)[] All =
    [
        ("prepare", PreparedData.StageName),
        ("check the data", null),
        ("train", TrainedModel.StageName),
        ("evaluate", Stage.Report),
        ("refit", Stage.Refit),
        ("score", Stage.Predictions),
        ("put into production", null),
    ];

    private readonly (string Name, string? Stage)[] steps;
    private readonly JobContext job;
    private readonly long started;
    private readonly NightRecord? before;
    private int step;

    public NightSteps(JobContext job, RunHistory history)
    {
        (this.job, started) = (job, job.Time.GetTimestamp());
        steps = [.. All.Where(one => one.Stage != Stage.Refit || RefitStage.IsWanted(job.Configuration))];
        string[] stages = [.. steps.Select(one => one.Stage).OfType<string>()];
        before = history.Nights.LastOrDefault(night => night.Outcome == NightOutcome.Production && stages.All(night.Seconds.ContainsKey));
    }

    /// <summary>Begins the next step. The caller runs them in their order; only a refit that is not asked for is none.</summary>
    public void Next() => job.Progress.Line(Of(step++, job.Time.GetElapsedTime(started).TotalSeconds));

    private string Of(int step, double seconds)
    {
        string left = before is null ? "" : $"; about {NightWords.Duration(SecondsFrom(step, before))} left, as {before.Night} took";
        string then = step + 1 == steps.Length ? "" : $"; then {string.Join(", ", steps[(step + 1)..].Select(one => one.Name))}";
        return $"[{step + 1}/{steps.Length} {steps[step].Name}] after {NightWords.Duration(seconds)}{left}{then}";
    }

    private double SecondsFrom(int step, NightRecord night) => steps[step..].Sum(one => one.Stage is null ? 0 : night.Seconds[one.Stage]);
}
