using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>Writes to the history how nights ended, including nights that were killed before they could.</summary>
internal sealed class NightLog(RunNights nights, TimeProvider time)
{
    /// <summary>Reads the history as it is now.</summary>
    public RunHistory Read() => RunHistory.Read(nights);

    /// <summary>Records how a night ended.</summary>
    public void RecordEnd(NightState state, string outcome, string reason, IReadOnlyDictionary<string, double>? seconds = null) =>
        RunHistory.Append(
            nights, Describe(state, outcome, reason) with { Seconds = seconds is null ? [] : new(seconds.ToDictionary(), StringComparer.Ordinal) });

    /// <summary>Records that somebody changed what is in production, after it was changed.</summary>
    public void RecordChange(NightState state, string change, string reason) =>
        RunHistory.Append(nights, Describe(state, NightOutcome.Production, reason) with { Event = change, Started = time.GetUtcNow() });

    /// <summary>Records that, after a run that failed, a run found its night in production already, so monitoring shows success again.</summary>
    public void RecordPassedOver(string night, string reason)
    {
        if (Read().LastRun is { Outcome: NightOutcome.Production }) return; // already recorded
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

    /// <summary>Records nights that were killed before they could be recorded, except one that continues now.</summary>
    public void RecordKilled(string? goesOn)
    {
        RunHistory history = Read();
        foreach (string name in nights.Names)
        {
            if (name == goesOn || history.Of(name) is not null || NightState.Read(nights, name) is not { } state) continue;
            bool served = name == nights.Production;
            string killed = served
                ? $"{state.Approval?.Reason} It was killed after it had gone into production; a later run recorded this."
                : "It was killed, or the machine stopped; a later run recorded this.";
            RecordEnd(state, served ? NightOutcome.Production : NightOutcome.Abandoned, killed);
        }

        RecordMissedChange();
    }

    // `promote` or `rollback` was killed after it changed the link and before it wrote its line, or somebody changed the link by hand. The history must
    // name every night that was in production.
    private void RecordMissedChange()
    {
        if (nights.Production is not { } serving || NightState.Read(nights, serving) is not { } state) return;
        if (Read().Records is [.., { Production: { } told }] && told == serving) return;
        string reason = state.Approval is { ByHand: true } approval
            ? $"{approval.Reason} (a later run recorded this)"
            : $"A later run found that {RunNights.CurrentName} leads there: somebody changed it.";
        RecordChange(state, NightEvent.Promotion, reason);
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
            Reason = RunStore.WithPlaces(reason),
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

    // Null if the night did not get that far.
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
