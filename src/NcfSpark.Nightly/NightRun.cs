using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Engines;
using NcfSpark.Model;
using NcfSpark.Pipeline;

namespace NcfSpark.Nightly;

/// <summary>
/// One night: prepare, check the data, train, evaluate, the gate, train again on everything, score, into service. What is there already, made from the same by the
/// same settings, is passed over: that is how a killed run goes on.
/// </summary>
/// <remarks>
/// What the history tells: a night, however it ends, from when its log could be prepared; and a log that can not be, though these settings of Input and Prepare prepared one before.
/// Else the settings are at fault, or a file that they name: then there is no night, and nothing is changed.
/// </remarks>
internal sealed class NightRun
{
    private readonly JobContext job;
    private readonly RunNights nights;
    private readonly NightLog log;
    private readonly NightHistory history;
    private readonly SortedDictionary<string, double> seconds = new(StringComparer.Ordinal);
    private readonly DateTimeOffset started;
    private readonly TimeZoneInfo zone;
    private NightState? state, stateBefore;
    private bool isPrepared, wasThere;
    private ScoreFiles? scoreFiles;

    public NightRun(JobContext job)
    {
        (this.job, nights, started) = (job, new RunNights(job.RunDirectory), job.Time.GetUtcNow());
        zone = NightZone.Of(job.Configuration.Nightly.TimeZone, job.Time);
        log = new NightLog(nights, job.Time);
        nights.ClearRemoved();
        history = log.Read();
        if (history.Unreadable > 0) job.Progress.Line($"{nights.HistoryPath} has {history.Unreadable} lines that cannot be read; they are passed over.");
    }

    public ExitCode Run()
    {
        try
        {
            SparkTraining.Check(job);
            Titles.Read(job.Configuration.Input); // what a late stage would refuse is refused before any work
            scoreFiles = new ScoreFiles(job.Configuration);
            scoreFiles.Read();
            TrainJob.CheckNegatives(job.Configuration);
            string prepared = PrepareJob.Fingerprint(job), fingerprint = FingerprintOf(prepared);
            NightChoice choice = NightChoice.Of(nights, history, job.Configuration.Nightly, fingerprint, NightZone.DateOf(started, zone));
            log.TellOfKilled(choice.IsDone ? null : choice.Name);
            if (choice.IsDone) return PassOver(choice.Name);
            wasThere = nights.Exists(choice.Name);
            using RunLock held = RunLock.Take(nights.PathOf(choice.Name), job.Time); // from whoever runs a single stage in it
            Begin(choice.Name, fingerprint);
            return RunStages(job with { RunDirectory = nights.PathOf(choice.Name) }, prepared);
        }
        catch (Exception failure)
        {
            if (state is not null && IsMistake(failure)) TakeBack();
            else if (state is not null) TellOfFailure(failure);
            throw;
        }
        finally
        {
            if (state is not null) NightPages.Write(job, nights, state.Night);
        }
    }

    private void Begin(string name, string fingerprint)
    {
        stateBefore = NightState.Read(nights, name);
        state = new NightState { Night = name, Fingerprint = fingerprint, Started = stateBefore?.Started ?? started, Before = nights.InService };
        state.Write(nights);
    }

    // See the remarks above.
    private bool IsMistake(Exception failure) => IsOfTheInput(failure) && !isPrepared && !nights.Names.Any(night => PrepareJob.IsBySettingsOf(job, nights.PathOf(night)));

    private static bool IsOfTheInput(Exception failure) => failure is InvalidInputException or SqlEngineException { InputAtFault: true } && FileFailure.Of(failure) is null;

    private void TakeBack()
    {
        try
        {
            if (!wasThere) nights.Remove(state!.Night);
            else if (stateBefore is not null) stateBefore.Write(nights);
            else File.Delete(NightState.PathOf(nights, state!.Night));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            job.Progress.Line($"{nights.PathOf(state!.Night)} cannot be taken back: {cause.Message}"); // the next run uses it
        }

        state = null;
    }

    private ExitCode RunStages(JobContext night, string preparedFingerprint)
    {
        NightlyOptions options = job.Configuration.Nightly;
        StageDirectory prepared = Stage(night, PreparedData.StageName, preparedFingerprint, () => PrepareJob.Make(night));
        isPrepared = true;
        job.Engine.Close(); // a table's fingerprint needs it, too
        Incumbent? before = NightDirectory.OpenIncumbent(nights, history, state!.Before, job.Progress);
        CheckData(prepared, before);
        scoreFiles!.Check(new PreparedData(prepared)); // after training it is too late

        Incumbent? from = WarmStartFrom(before);
        StageDirectory model = Stage(night, TrainedModel.StageName, TrainJob.Fingerprint(night, prepared, from), () => TrainJob.Make(night, prepared, from));
        var comparison = NightComparison.Of(job.Configuration, before, before is null ? state.Before : null);
        StageDirectory report = Stage(night, EvaluateJob.StageName, EvaluateJob.Fingerprint(night, prepared, model, comparison), () => EvaluateJob.Make(night, prepared, model, comparison));
        GateDecision decision = NightComparison.DecisionIn(report)!;
        if (!decision.Approved) return Refuse(decision, report);

        StageDirectory served = options.Refit ? Stage(night, RefitJob.StageName, RefitJob.Fingerprint(night, prepared, model, from), () => RefitJob.Make(night, prepared, model, from)) : model;
        Stage(night, ScoreJob.StageName, ScoreJob.Fingerprint(night, prepared, served), () => ScoreJob.Make(night, prepared, served));
        PutInService(decision);
        job.Output.WriteLine($"{EvaluateJob.Headline(report)}. Open {NightPages.ReportOf(nights, state.Night)} in a browser.");
        job.Output.WriteLine($"in service: {state.Night} → {nights.CurrentPath}");
        return ExitCode.Done;
    }

    private void CheckData(StageDirectory prepared, Incumbent? before)
    {
        NightlyOptions options = job.Configuration.Nightly;
        NightData data = NightDataReader.Read(prepared, before);
        state = state! with { Data = data };
        state.Write(nights);
        IReadOnlyList<NightData> earlier = [.. history.Nights.Where(night => history.WasInService(night.Night) && night.Night != state.Night).Select(night => history.AsServed(night.Night)?.Data).OfType<NightData>().TakeLast(options.CompareNights)];
        DateTimeOffset endOfNight = NightZone.EndOf(state.Night, zone);
        string[] breaches =
        [
            .. DataChecks.Breaches(data, earlier, endOfNight < started ? endOfNight : started, options),
            .. before is null ? [] : DataChecks.TypeChanges(prepared, before.Prepared, job.Configuration.Input.IdType),
        ];
        if (breaches.Length == 0) return;
        throw new InvalidInputException($"{string.Join('\n', breaches)}\nNothing was trained{(nights.InService is { } stays ? $", and {stays} stays in service" : "")}. Mend the log; or, if this is as it should be, give the same command with that limit raised by --set.");
    }

    private Incumbent? WarmStartFrom(Incumbent? before)
    {
        if (!job.Configuration.Nightly.WarmStart || before is null) return null;
        if (WarmStart.Fits(TrainedModel.OptionsOf(before.Model), job.Configuration.Model)) return before;
        job.Progress.Line($"The model of {before.Name} has another shape, so training starts from chance.");
        return null;
    }

    private ExitCode Refuse(GateDecision decision, StageDirectory report)
    {
        log.Ended(state!, NightOutcome.Refused, decision.Reason, seconds);
        job.Output.WriteLine($"{EvaluateJob.Headline(report)}. Open {NightPages.ReportOf(nights, state!.Night)} in a browser.");
        job.Output.WriteLine($"refused: {state!.Night}. {decision.Reason} {(nights.InService is { } stays ? $"{stays} stays in service" : "Nothing is in service")}. If it should serve all the same: `promote {state.Night}`.");
        return ExitCode.Refused;
    }

    private void PutInService(GateDecision decision)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        state = state! with { Approval = new Approval(ByHand: false, decision.Reason, job.Time.GetUtcNow()) };
        state.Write(nights);
        nights.PutInService(state.Night);
        log.Ended(state, NightOutcome.InService, decision.Reason, seconds);
        Prune();
    }

    private void Prune()
    {
        try
        {
            foreach (string removed in NightPruning.Prune(nights, log.Read(), job.Configuration.Nightly.Keep)) job.Progress.Line($"{removed} is removed (Nightly:Keep).");
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            job.Progress.Line($"An old night cannot be removed: {cause.Message}"); // this one serves all the same
        }
    }

    private StageDirectory Stage(JobContext night, string stage, string fingerprint, Func<StageDirectory> make)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        StageDirectory? finished = job.Configuration.Nightly.Resume ? StageDirectory.OpenIfFinished(night.RunDirectory, stage, fingerprint) : null;
        long began = job.Time.GetTimestamp();
        StageDirectory directory = finished ?? make();
        double took = job.Time.GetElapsedTime(began).TotalSeconds;
        if (finished is null) seconds[stage] = Math.Round(took, 3);
        StageSummary.Write(job, directory, finished is null ? $"{took:F1} s" : "was there already");
        return directory;
    }

    private ExitCode PassOver(string name)
    {
        string path = nights.PathOf(name);
        foreach (string stage in StageSummary.Stages.Where(stage => Directory.Exists(Path.Combine(path, stage))))
        {
            StageSummary.Write(job, StageDirectory.Open(path, stage), "was there already");
        }

        StageDirectory report = StageDirectory.Open(nights.PathOf(name), EvaluateJob.StageName);
        bool serves = name == nights.InService;
        log.PassedOver(name, $"Input and settings are those of {name}, which {(serves ? "is in production" : "was in production before")}: there was nothing to do.");
        NightPages.Write(job, nights, name);
        job.Output.WriteLine($"{EvaluateJob.Headline(report)}. Open {NightPages.ReportOf(nights, name)} in a browser.");
        job.Output.WriteLine(serves ? $"in service: {name} → {nights.CurrentPath}" : $"{name} went into service before; now {nights.InService} is. `promote {name}` puts it back.");
        return ExitCode.Done;
    }

    private void TellOfFailure(Exception failure)
    {
        try
        {
            if (state!.Night == nights.InService)
            {
                log.Ended(state, NightOutcome.InService, $"{state.Approval?.Reason} After that: {failure.Message}", seconds);
                return;
            }

            string outcome = job.Cancellation.IsCancellationRequested && failure is OperationCanceledException ? NightOutcome.Interrupted
                : IsOfTheInput(failure) ? NightOutcome.Stopped
                : NightOutcome.Failed;
            log.Ended(state, outcome, outcome == NightOutcome.Interrupted ? "It was stopped; the same command again goes on with it." : failure.Message, seconds);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            job.Progress.Line($"{nights.HistoryPath} cannot tell of this: {cause.Message}"); // a later run will
        }
    }

    private string FingerprintOf(string prepared)
    {
        NcfSparkConfiguration settings = job.Configuration;
        var madeFrom = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared };
        foreach ((string name, string hash) in new ScoreFiles(settings).Hashes) madeFrom[name] = hash;
        return StageManifest.FingerprintOf("night", madeFrom, new()
        {
            ["Model"] = SettingsJson.ResultShaping(settings.Model),
            ["Train"] = SettingsJson.ResultShaping(settings.Train),
            ["Evaluate"] = SettingsJson.ResultShaping(settings.Evaluate),
            ["Score"] = SettingsJson.ResultShaping(settings.Score),
            ["Nightly"] = SettingsJson.ResultShaping(settings.Nightly),
        });
    }
}
