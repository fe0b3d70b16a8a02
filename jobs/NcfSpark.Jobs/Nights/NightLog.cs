using System.Text.Json;
using NcfSpark.Data;
using NcfSpark.Evaluation.Nights;
using NcfSpark.Model;

namespace NcfSpark.Jobs.Nights;

/// <summary>Tells the history how nights ended, those too that could not tell it themselves.</summary>
internal sealed class NightLog(RunNights nights, TimeProvider time)
{
    /// <summary>What the history holds now.</summary>
    public NightHistory Read() => NightHistory.Read(nights);

    /// <summary>Tells how a night ended.</summary>
    public void Ended(NightState state, string outcome, string reason, SortedDictionary<string, double>? seconds = null) =>
        NightHistory.Append(nights, Describe(state, outcome, reason) with { Seconds = seconds ?? new(StringComparer.Ordinal) });

    /// <summary>Tells that somebody changed what is in service. It is told after that was done: the night's own state has the reason from before.</summary>
    public void Changed(NightState state, string change, string reason)
    {
        DateTimeOffset now = time.GetUtcNow();
        NightHistory.Append(nights, new NightRecord { Event = change, Night = state.Night, Started = now, Ended = now, Outcome = NightOutcome.InService, Reason = reason, InService = nights.InService });
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
            Figures = report is not null && model is not null && report.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == model.Manifest.Fingerprint ? EvaluateJob.DecisionIn(report)?.Figures : null,
            Model = model?.Manifest.Fingerprint,
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
