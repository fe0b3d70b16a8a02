using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Model;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>Tells the history how nights ended, those too that could not tell it themselves.</summary>
internal sealed class NightLog(RunNights nights, TimeProvider time)
{
    /// <summary>What the history holds now.</summary>
    public RunHistory Read() => RunHistory.Read(nights);

    /// <summary>Tells how a night ended.</summary>
    public void Ended(NightState state, string outcome, string reason, IReadOnlyDictionary<string, double>? seconds = null) =>
        RunHistory.Append(
            nights, Describe(state, outcome, reason) with { Seconds = seconds is null ? [] : new(seconds.ToDictionary(), StringComparer.Ordinal) });

    /// <summary>Tells that somebody changed what is in production. It is told after that was done.</summary>
    public void Changed(NightState state, string change, string reason) =>
        RunHistory.Append(nights, Describe(state, NightOutcome.Production, reason) with { Event = change, Started = time.GetUtcNow() });

    /// <summary>Tells that all is well again: after a run that failed, one found a night in production, by the same input and settings.</summary>
    public void PassedOver(string night, string reason)
    {
        if (Read().LastRun is { Outcome: NightOutcome.Production }) return; // that was told already
        DateTimeOffset now = time.GetUtcNow();
        RunHistory.Append(
            nights,
            new NightRecord
            {
                Event = NightEvent.PassedOver,
                Night = night,
                Started = now,
                Ended = now,
                Outcome = NightOutcome.Production,
                Reason = reason,
                Production = nights.Production,
            });
    }

    /// <summary>Tells of nights that were killed before they could, except one that is gone on with.</summary>
    public void TellOfKilled(string? goesOn)
    {
        RunHistory history = Read();
        foreach (string name in nights.Names)
        {
            if (name == goesOn || history.Of(name) is not null || NightState.Read(nights, name) is not { } state) continue;
            if (name != nights.Production) Ended(state, NightOutcome.Abandoned, "It was killed, or the machine went down; a later run found it so.");
            else Ended(state, NightOutcome.Production, $"{state.Approval?.Reason} It was killed after it had gone into production; a later run found it so.");
        }

        TellOfChange();
    }

    // A `promote` or `rollback` that was killed between the link and its line, or somebody who changed the link: what was in production has to stand in
    // the history.
    private void TellOfChange()
    {
        if (nights.Production is not { } serving || NightState.Read(nights, serving) is not { } state) return;
        if (Read().Records is [.., { Production: { } told }] && told == serving) return;
        string reason = state.Approval is { ByHand: true } approval
            ? $"{approval.Reason} (a later run found it so)"
            : $"A later run found that {RunNights.CurrentName} leads there: somebody changed it.";
        Changed(state, NightEvent.Promotion, reason);
    }

    private NightRecord Describe(NightState state, string outcome, string reason)
    {
        StageDirectory? model = Open(state, TrainedModel.StageName), report = Open(state, Stage.Report);
        return new NightRecord
        {
            Night = state.Night,
            Started = state.Started,
            Ended = time.GetUtcNow(),
            Outcome = outcome,
            Reason = reason,
            Production = nights.Production,
            Data = state.Data,
            Figures = report is not null && model is not null
                && report.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == model.Manifest.Fingerprint
                ? NightComparison.DecisionIn(report)?.Figures
                : null,
            Model = model?.Manifest.Fingerprint,
            Artifacts = outcome == NightOutcome.Production ? NightDirectory.Artifacts(nights.PathOf(state.Night)) : null,
            BestEpoch = (int?)model?.Manifest.Rows.GetValueOrDefault(TrainStage.BestEpoch),
            WarmStartedFrom = model?.Manifest.MadeFrom.ContainsKey(TrainStage.WarmStartKey) == true ? state.Before : null,
        };
    }

    // As far as the night came.
    private StageDirectory? Open(NightState state, string stage)
    {
        try
        {
            return StageDirectory.Open(nights.PathOf(state.Night), stage);
        }
        catch (Exception absent) when (absent is InvalidInputException or IOException or JsonException)
        {
            return null;
        }
    }
}
