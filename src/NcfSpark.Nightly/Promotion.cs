using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Nightly;

/// <summary>Puts a night into production by hand, with a reason that is kept in the history.</summary>
public static class Promotion
{
    /// <summary>Puts the night that Nightly:Night names into production: one that the gate refused, or one that was in production before.</summary>
    public static ExitCode Promote(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        (string night, string reason) = (job.Configuration.Nightly.Night, ReasonOf(job));
        string example = nights.Names is [.., var one] ? $" `{Command(job, one)}`" : "";
        if (night.Length == 0) throw new InvalidInputException($"Which night? {Offer(nights)}{example}");
        if (!nights.Exists(night)) throw new InvalidInputException($"There is no night {night} in {nights.Path}. {Offer(nights)}");
        if (night == nights.Production) throw new InvalidInputException($"{night} is in production already.");
        RunHistory history = RunHistory.Read(nights);
        bool served = ProductionRule.WasInProduction(nights, history, night);
        using RunLock? held = served ? null : RunLock.Take(nights.PathOf(night), job.Time, isNight: true); // from whoever runs a single stage in it
        if (!served) Make(job, nights, history, night);
        PutInProduction(job, nights, night, NightEvent.Promotion, reason);
        return ExitCode.Done;
    }

    /// <summary>Puts the night that was in production before into production again.</summary>
    public static ExitCode RollBack(JobContext job)
    {
        var nights = new RunNights(job.RunDirectory);
        string reason = ReasonOf(job);
        string production = nights.Production
            ?? throw new InvalidInputException($"Nothing is in production in {nights.Path}, so there is nothing to roll back. Run `nightly`.");
        string before = RunHistory.Read(nights).ProductionBefore(production) is { } found && nights.Exists(found)
            ? found
            : throw new InvalidInputException(
                $"Before {production} nothing was in production that is still there. {Offer(nights)} "
                + $"`{Command(job, nights.Names.LastOrDefault(night => night != production) ?? production)}` puts one into production.");
        PutInProduction(job, nights, before, NightEvent.Rollback, reason);
        return ExitCode.Done;
    }

    /// <summary>The command that puts a night into production by hand, with a reason to replace.</summary>
    internal static string Command(JobContext job, string night)
    {
        string[] settings = job.ConfigurationFile is { } file && RunStore.Of(file) is null ? ["--config", file] : []; // one that the run keeps is found there
        return Advice.Command(["promote", night, .. settings, "--run", job.RunDirectory, "--set", "Nightly:Reason=looked at, and good"]);
    }

    private static string ReasonOf(JobContext job) => job.Configuration.Nightly.Reason is { Length: > 0 } reason
        ? reason
        : throw new InvalidInputException("Say why, for whoever reads the history: --set Nightly:Reason=\"…\".");

    private static void PutInProduction(JobContext job, RunNights nights, string night, string change, string reason)
    {
        RunHistory history = RunHistory.Read(nights);
        NightDirectory.CheckWhole(nights, history, night);
        NightState state = NightState.Read(nights, night) ?? throw NoNight(nights, night);
        var log = new NightLog(nights, job.Time);
        log.RecordKilled(goesOn: null);
        string? before = nights.Production;
        if (!ProductionRule.WasInProduction(nights, history, night))
        {
            state = state with { Approval = new Approval(ByHand: true, reason, job.Time.GetUtcNow()) };
            state.Write(nights);
        }

        nights.PutInProduction(night);
        log.RecordChange(state, change, reason);
        NightPages.Write(job.ConfigurationFile is null ? WithInputOf(job, nights, night) : job, nights, night);
        job.Output.WriteLine($"in production: {night} → {nights.CurrentPath}{(before is null ? "" : $"; before it, {before}")}");
    }

    // Its pages show the titles that it was made with, where no configuration says otherwise.
    private static JobContext WithInputOf(JobContext job, RunNights nights, string night)
    {
        StageDirectory prepared = StageDirectory.Open(nights.PathOf(night), PreparedData.StageName, isRead: _ => false);
        InputOptions input = prepared.Manifest.Configuration["Input"].Deserialize<InputOptions>()!;
        return job with { Configuration = job.Configuration with { Input = input } };
    }

    // A night that the gate refused has no predictions yet.
    private static void Make(JobContext job, RunNights nights, RunHistory history, string name)
    {
        if (job.ConfigurationFile is null)
        {
            throw new InvalidInputException($"{name} has no recommendations yet, and they are made by a configuration: add --config.");
        }

        NcfSparkConfiguration settings = job.Configuration;
        JobContext night = job with { RunDirectory = nights.PathOf(name) };
        var pipeline = new StagePipeline(night);
        NightState state = NightState.Read(nights, name) ?? throw NoNight(nights, name);
        StageDirectory prepared = pipeline.Open(new PrepareStage(night)), model = pipeline.Open(new TrainStage(settings, prepared));
        StageDirectory.Open(night.RunDirectory, Stage.Report, prepared, model); // after work by hand it may belong to another model
        Incumbent? incumbent = NightDirectory.OpenIncumbent(nights, history, state.Before, job.Progress);
        Incumbent? from = model.Manifest.MadeFrom.ContainsKey(TrainStage.WarmStartKey) ? incumbent : null;
        StageDirectory served = RefitStage.IsWanted(settings) ? pipeline.Make(new RefitStage(settings, prepared, model, from)) : model;
        NightData data = NightDataReader.Read(prepared, incumbent); // it may have been prepared by hand
        (state with { Data = data }).Write(nights);
        pipeline.Make(new ScoreStage(settings, prepared, served, NightDirectory.OpenLists(nights, state.Before, prepared, job.Progress)));
    }

    private static InvalidInputException NoNight(RunNights nights, string night) =>
        new($"{nights.PathOf(night)} has no {NightState.FileName}: it is no night that `nightly` made.");

    private static string Offer(RunNights nights) =>
        nights.Names.Count == 0 ? $"{nights.Path} holds no nights." : $"There are {string.Join(", ", nights.Names)}.";
}
