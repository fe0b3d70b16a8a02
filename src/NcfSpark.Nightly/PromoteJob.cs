using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>Puts a night into service by hand, with a reason that is kept: one that the gate refused, or one that was in service before.</summary>
public static class PromoteJob
{
    public static ExitCode Run(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        (string night, string reason) = (job.Configuration.Nightly.Night, ReasonOf(job));
        if (night.Length == 0) throw new InvalidInputException($"Which night? `promote 2026-11-24`. {Offer(nights)}");
        if (!nights.Exists(night)) throw new InvalidInputException($"There is no night {night} in {nights.Path}. {Offer(nights)}");
        if (night == nights.InService) throw new InvalidInputException($"{night} is in service already.");
        NightHistory history = NightHistory.Read(nights);
        bool served = ProductionRule.WasInProduction(nights, history, night);
        using RunLock? held = served ? null : RunLock.Take(nights.PathOf(night), job.Time); // from whoever runs a single stage in it
        if (!served) Make(job, nights, history, night);
        PutInService(job, nights, night, NightEvent.Promotion, reason);
        return ExitCode.Done;
    }

    /// <summary>Why it is done, for the history.</summary>
    /// <exception cref="InvalidInputException">Nobody said.</exception>
    public static string ReasonOf(JobContext job) => job.Configuration.Nightly.Reason is { Length: > 0 } reason
        ? reason
        : throw new InvalidInputException("Say why, for whoever reads the history: --set Nightly:Reason=\"…\".");

    /// <summary>Changes the pointer, and tells the history.</summary>
    public static void PutInService(JobContext job, RunNights nights, string night, string change, string reason)
    {
        NightHistory history = NightHistory.Read(nights);
        NightDirectory.CheckWhole(nights, history, night);
        NightState state = NightState.Read(nights, night) ?? throw NoNight(nights, night);
        var log = new NightLog(nights, job.Time);
        log.TellOfKilled(goesOn: null);
        string? before = nights.InService;
        if (!ProductionRule.WasInProduction(nights, history, night))
        {
            state = state with { Approval = new Approval(ByHand: true, reason, job.Time.GetUtcNow()) };
            state.Write(nights);
        }

        nights.PutInService(night);
        log.Changed(state, change, reason);
        NightPages.Write(job, nights, night);
        job.Output.WriteLine($"in service: {night} → {nights.CurrentPath}{(before is null ? "" : $"; before it, {before}")}");
    }

    // A night that was refused has not come as far as its predictions.
    private static void Make(JobContext job, RunNights nights, NightHistory history, string name)
    {
        JobContext night = job with { RunDirectory = nights.PathOf(name) };
        NightState state = NightState.Read(nights, name) ?? throw NoNight(nights, name);
        StageDirectory prepared = PrepareJob.Open(night), model = TrainJob.Open(night, prepared), served = model;
        NightDirectory.OpenReport(night.RunDirectory, prepared, model); // of what was worked on by hand, it may be of another model
        if (job.Configuration.Nightly.Refit)
        {
            bool warm = model.Manifest.MadeFrom.ContainsKey(TrainJob.WarmStartKey);
            Incumbent? from = warm ? NightDirectory.OpenIncumbent(nights, history, state.Before, job.Progress) : null;
            served = StageDirectory.OpenIfFinished(night.RunDirectory, RefitJob.StageName, RefitJob.Fingerprint(night, prepared, model, from)) ?? RefitJob.Make(night, prepared, model, from);
            StageSummary.Write(job, served);
        }

        Incumbent? incumbent = NightDirectory.OpenIncumbent(nights, history, state.Before, job.Progress);
        NightData data = NightDataReader.Read(prepared, incumbent); // it may have been prepared by hand
        (state with { Data = data }).Write(nights);
        StageSummary.Write(job, StageDirectory.OpenIfFinished(night.RunDirectory, ScoreJob.StageName, ScoreJob.Fingerprint(night, prepared, served)) ?? ScoreJob.Make(night, prepared, served));
    }

    private static InvalidInputException NoNight(RunNights nights, string night) => new($"{nights.PathOf(night)} has no {NightState.FileName}: it is no night that `nightly` made.");

    private static string Offer(RunNights nights) => nights.Names.Count == 0 ? $"{nights.Path} holds no nights." : $"There are {string.Join(", ", nights.Names)}.";
}
