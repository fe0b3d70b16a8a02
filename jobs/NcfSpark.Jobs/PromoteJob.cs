using NcfSpark.Data;
using NcfSpark.Evaluation.Nights;
using NcfSpark.Jobs.Nights;

namespace NcfSpark.Jobs;

/// <summary>Puts a night into service by hand, with a reason that is kept: one that the gate refused, or one that was in service before.</summary>
internal static class PromoteJob
{
    public static ExitCode Run(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        (string night, string reason) = (job.Configuration.Nightly.Night, ReasonOf(job));
        if (night.Length == 0) throw new InvalidInputException($"Which night? `promote 2026-11-24`. {Offer(nights)}");
        if (!nights.Exists(night)) throw new InvalidInputException($"There is no night {night} in {nights.Path}. {Offer(nights)}");
        if (night == nights.InService) throw new InvalidInputException($"{night} is in service already.");
        Make(job, nights, night);
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
        NightDirectory.CheckWhole(nights.PathOf(night));
        var log = new NightLog(nights, job.Time);
        log.TellOfKilled(goesOn: null);
        string? before = nights.InService;
        NightState state = (NightState.Read(nights, night) ?? throw new InvalidInputException($"{nights.PathOf(night)} has no {NightState.FileName}: it is no night that `nightly` made."))
            with { Approval = new Approval(ByHand: true, reason, job.Time.GetUtcNow()) };
        state.Write(nights);
        nights.PutInService(night);
        log.Changed(state, change, reason);
        NightPages.Write(job, nights, night);
        job.Output.WriteLine($"in service: {night} → {nights.CurrentPath}{(before is null ? "" : $"; before it, {before}")}");
    }

    // A night that was refused has not come as far as its predictions.
    private static void Make(JobContext job, RunNights nights, string name)
    {
        if (NightDirectory.IsWhole(nights.PathOf(name))) return;
        if (NightHistory.Read(nights).WasInService(name)) NightDirectory.CheckWhole(nights.PathOf(name)); // says what is wrong
        JobContext night = job with { RunDirectory = nights.PathOf(name) };
        StageDirectory prepared = PrepareJob.Open(night), model = TrainJob.Open(night, prepared), served = model;
        if (job.Configuration.Nightly.Refit)
        {
            bool warm = model.Manifest.MadeFrom.ContainsKey(TrainJob.WarmStartKey);
            EarlierNight? from = warm ? EarlierNight.Open(nights, NightState.Read(nights, name)?.Before, job.Progress) : null;
            served = StageDirectory.OpenIfFinished(night.RunDirectory, RefitJob.StageName, RefitJob.Fingerprint(night, prepared, model, from)) ?? RefitJob.Make(night, prepared, model, from);
            StageSummary.Write(job, served);
        }

        StageSummary.Write(job, ScoreJob.Make(night, prepared, served));
    }

    private static string Offer(RunNights nights) => nights.Names.Count == 0 ? $"{nights.Path} holds no nights." : $"There are {string.Join(", ", nights.Names)}.";
}
