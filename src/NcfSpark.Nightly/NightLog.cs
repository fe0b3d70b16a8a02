using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Model;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>Tells the history how nights ended, those too that could not tell it themselves.</summary>
internal sealed class NightLog(RunNights nights, TimeProvider time)
{
    /// <summary>What the history holds now.</summary>
    public NightHistory Read() => NightHistory.Read(nights);

    /// <summary>Tells how a night ended.</summary>
    public void Ended(NightState state, string outcome, string reason, SortedDictionary<string, double>? seconds = null) =>
        NightHistory.Append(nights, Describe(state, outcome, reason) with { Seconds = seconds ?? new(StringComparer.Ordinal) });

    /// <summary>Tells that somebody changed what is in service. It is told after that was done.</summary>
    public void Changed(NightState state, string change, string reason) => NightHistory.Append(nights, Describe(state, NightOutcome.InService, reason) with { Event = change, Started = time.GetUtcNow() });

    /// <summary>Tells that all is well again: after a run that failed, one found a night in production, by the same input and settings.</summary>
    public void PassedOver(string night, string reason)
    {
        if (Read().LastRun is { Outcome: NightOutcome.InService }) return; // that was told already
        DateTimeOffset now = time.GetUtcNow();
        NightHistory.Append(nights, new NightRecord { Event = NightEvent.PassedOver, Night = night, Started = now, Ended = now, Outcome = NightOutcome.InService, Reason = reason, InService = nights.InService });
    }

    /// <summary>Tells of nights that were killed before they could, except one that is gone on with.</summary>
    public void TellOfKilled(string? goesOn)
    {
        NightHistory history = Read();
        foreach (string name in nights.Names)
        {
            if (name == goesOn || history.Of(name) is not null || NightState.Read(nights, name) is not { } state) continue;
            if (name != nights.InService) Ended(state, NightOutcome.Abandoned, "It was killed, or the machine went down; a later run found it so.");
            else Ended(state, NightOutcome.InService, $"{state.Approval?.Reason} It was killed after it had gone into service; a later run found it so.");
        }

        TellOfChange();
    }

    // A `promote` or `rollback` that was killed between the link and its line, or somebody who changed the link: what was in production has to stand in the history.
    private void TellOfChange()
    {
        if (nights.InService is not { } serving || NightState.Read(nights, serving) is not { } state || Read().Records is [.., { InService: { } told }] && told == serving) return;
        string reason = state.Approval is { ByHand: true } approval ? $"{approval.Reason} (a later run found it so)" : $"A later run found that {RunNights.CurrentName} leads there: somebody changed it.";
        Changed(state, NightEvent.Promotion, reason);
    }

    private NightRecord Describe(NightState state, string outcome, string reason)
    {
        StageDirectory? model = Open(state, TrainedModel.StageName), report = Open(state, EvaluateJob.StageName);
        return new NightRecord
        {
            Night = state.Night,
            Started = state.Started,
            Ended = time.GetUtcNow(),
            Outcome = outcome,
            Reason = reason,
            InService = nights.InService,
            Data = state.Data,
            Figures = report is not null && model is not null
                && report.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == model.Manifest.Fingerprint
                ? NightComparison.DecisionIn(report)?.Figures
                : null,
            Model = model?.Manifest.Fingerprint,
            Artifacts = outcome == NightOutcome.InService ? NightDirectory.Artifacts(nights.PathOf(state.Night)) : null,
            BestEpoch = (int?)model?.Manifest.Rows.GetValueOrDefault(TrainJob.BestEpoch),
            WarmStartedFrom = model?.Manifest.MadeFrom.ContainsKey(TrainJob.WarmStartKey) == true ? state.Before : null,
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
