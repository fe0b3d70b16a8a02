using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Evaluation;
using NcfSpark.Model;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Nightly;

/// <summary>
/// One night: prepare, check the data, train, evaluate, the gate, train again on everything, score, put into production. Results that are there already, made
/// from the same input by the same settings, are opened, so a killed run continues where it was.
/// </summary>
/// <remarks>
/// The history records a night, however it ends, once its log could be prepared. It also records a log that cannot be prepared, if the same settings of
/// Input and Prepare prepared one before. Otherwise the settings, or a file that they name, are at fault: there is no night, and nothing is changed.
/// </remarks>
public sealed class NightRun
{
    private readonly JobContext job;
    private readonly RunNights nights;
    private readonly NightLog log;
    private readonly RunHistory history;
    private readonly PrepareStage prepare;
    private readonly DateTimeOffset started;
    private readonly TimeZoneInfo zone;
    private NightState? state, stateBefore;
    private bool isPrepared, wasThere;
    private StagePipeline? pipeline;
    private ScoreFiles? scoreFiles;

    public NightRun(JobContext job)
    {
        (this.job, nights, started, prepare) = (job, new RunNights(job.RunDirectory), job.Time.GetUtcNow(), new PrepareStage(job));
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
            ScoreStage.Check(job);
            Titles.Read(job.Configuration.Input); // refused before any work, not by a late stage
            scoreFiles = new ScoreFiles(job.Configuration);
            scoreFiles.Read();
            TrainStage.CheckNegatives(job.Configuration);
            if (job.Configuration.Prepare is { Split: SplitRule.Auto or SplitRule.Latest, Holdout: 0 }) throw Evaluator.WithoutTestRows();
            string fingerprint = Fingerprint();
            NightChoice choice = NightChoice.Of(nights, history, job.Configuration.Nightly, fingerprint, NightZone.DateOf(started, zone));
            log.RecordKilled(choice.IsDone ? null : choice.Name);
            if (choice.IsDone) return PassOver(choice.Name);
            SparkTraining.CheckCluster(job); // before an hour of prepare
            wasThere = nights.Exists(choice.Name);
            using RunLock held = RunLock.Take(nights.PathOf(choice.Name), job.Time, isNight: true); // from whoever runs a single stage in it
            Begin(choice.Name, fingerprint);
            pipeline = new StagePipeline(job with { RunDirectory = nights.PathOf(choice.Name) }) { Resume = job.Configuration.Nightly.Resume };
            return RunStages(pipeline);
        }
        catch (Exception failure)
        {
            if (state is not null && IsMistake(failure)) TakeBack();
            else if (state is not null) RecordFailure(failure);
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
        state = new NightState { Night = name, Fingerprint = fingerprint, Started = stateBefore?.Started ?? started, Before = nights.Production };
        state.Write(nights);
    }

    // Whether the settings are at fault, and not the log (see the remarks above).
    private bool IsMistake(Exception failure) =>
        IsOfTheInput(failure) && !isPrepared && !nights.Names.Any(night => prepare.IsBySameSettings(nights.PathOf(night)));

    private static bool IsOfTheInput(Exception failure) =>
        failure is InvalidInputException or SqlEngineException { InputAtFault: true } && FileFailure.Of(failure) is null;

    private void TakeBack()
    {
        try
        {
            if (!wasThere) nights.Remove(state!.Night);
            else if (stateBefore is not null) stateBefore.Write(nights);
            else NightState.Delete(nights, state!.Night);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            job.Progress.Line($"{nights.PathOf(state!.Night)} cannot be taken back: {cause.Message}"); // the next run uses it
        }

        state = null;
    }

    private ExitCode RunStages(StagePipeline pipeline)
    {
        NcfSparkConfiguration settings = job.Configuration;
        var steps = new NightSteps(job, history);
        steps.Next();
        StageDirectory prepared = pipeline.Make(prepare);
        if (prepared.Manifest.Rows.GetValueOrDefault("test") == 0) throw Evaluator.WithoutTestRows(); // before training
        isPrepared = true;
        job.Engine.Close(); // the fingerprint of a table opened it
        steps.Next();
        Incumbent? before = NightDirectory.OpenIncumbent(nights, history, state!.Before, job.Progress);
        CheckData(prepared, before);
        before = Comparable(prepared, before);
        scoreFiles!.Check(new PreparedData(prepared)); // before training, which may take hours

        steps.Next();
        Incumbent? from = WarmStartFrom(before);
        StageDirectory model = pipeline.Make(new TrainStage(settings, prepared, from));
        var comparison = NightComparison.Of(settings, before, before is null ? state.Before : null);
        steps.Next();
        StageDirectory report = pipeline.Make(new EvaluateStage(settings, prepared, model, comparison));
        GateDecision decision = NightComparison.DecisionIn(report)!;
        if (!decision.Approved) return Refuse(decision, report);

        if (RefitStage.IsWanted(settings)) steps.Next();
        StageDirectory served = NightComparison.Served(pipeline, settings, prepared, model, report, from);
        steps.Next();
        pipeline.Make(new ScoreStage(settings, prepared, served, NightDirectory.OpenLists(nights, state.Before, prepared, job.Progress)));
        steps.Next();
        PutInProduction(decision);
        job.Output.WriteLine($"{EvaluateStage.Headline(report)}. Open {NightPages.ReportOf(nights, state.Night)} in a browser.");
        string by = decision.Figures.BaselineServes ? $", by a baseline, {decision.Figures.Baseline.Title}, and not by the model" : "";
        job.Output.WriteLine($"in production: {state.Night} → {nights.CurrentPath}{by}");
        return ExitCode.Done;
    }

    private void CheckData(StageDirectory prepared, Incumbent? before)
    {
        NightlyOptions options = job.Configuration.Nightly;
        NightData data = NightDataReader.Read(prepared, before);
        state = state! with { Data = data };
        state.Write(nights);
        IEnumerable<NightRecord> served = history.Nights.Where(night => history.WasInProduction(night.Night) && night.Night != state.Night);
        NightData[] earlier = [.. served.Select(night => history.AsServed(night.Night)?.Data).OfType<NightData>().TakeLast(options.CompareNights)];
        DateTimeOffset endOfNight = NightZone.EndOf(state.Night, zone);
        string[] breaches =
        [
            .. DataChecks.Breaches(data, earlier, endOfNight < started ? endOfNight : started, options),
            .. before is null ? [] : DataChecks.TypeChanges(prepared, before.Prepared, job.Configuration.Input.IdType),
        ];
        if (breaches.Length == 0) return;
        string stays = nights.Production is { } production ? $", and {production} stays in production" : "";
        throw new InvalidInputException(
            $"{string.Join('\n', breaches)}\nNothing was trained{stays}. Mend the log; or, if this is as it should be, "
            + "give the same command with that limit raised by --set.");
    }

    // Where the split is by time, or was, the model in production may have trained on what is tested tonight: after another split, or a shorter window.
    private Incumbent? Comparable(StageDirectory prepared, Incumbent? before)
    {
        if (before is null || state!.Data!.HeldOutKnownToIncumbent is not > 0) return before;
        if (!new PreparedData(prepared).IsSplitByTime && !new PreparedData(before.Prepared).IsSplitByTime) return before;
        job.Progress.Line($"The model of {before.Name} was trained on {100 * state.Data.HeldOutKnownToIncumbent:0.#} % of what is tested tonight, since its "
            + "split was another one: it is not compared with, and training starts from chance.");
        return null;
    }

    private Incumbent? WarmStartFrom(Incumbent? before)
    {
        if (!job.Configuration.Nightly.WarmStart || job.Configuration.Import.IsSet || before is null) return null;
        if (WarmStart.Fits(TrainedModel.OptionsOf(before.Model), job.Configuration.Model)) return before;
        job.Progress.Line($"The model of {before.Name} has another shape, so training starts from chance.");
        return null;
    }

    private ExitCode Refuse(GateDecision decision, StageDirectory report)
    {
        log.RecordEnd(state!, NightOutcome.Refused, decision.Reason, pipeline!.Seconds);
        job.Output.WriteLine($"{EvaluateStage.Headline(report)}. Open {NightPages.ReportOf(nights, state!.Night)} in a browser.");
        string stays = nights.Production is { } production ? $"{production} stays in production" : "Nothing is in production";
        job.Output.WriteLine($"refused: {state!.Night}. {decision.Reason} {stays}. If it should serve all the same: "
            + $"`{Promotion.Command(job, state.Night)}`.");
        return ExitCode.Refused;
    }

    private void PutInProduction(GateDecision decision)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        state = state! with { Approval = new Approval(ByHand: false, decision.Reason, job.Time.GetUtcNow()) };
        state.Write(nights);
        nights.PutInProduction(state.Night);
        log.RecordEnd(state, NightOutcome.Production, decision.Reason, pipeline!.Seconds);
        Prune();
    }

    // Old nights: all but the latest, the one in production, and the one before that, to which `rollback` goes.
    private void Prune()
    {
        try
        {
            string? production = nights.Production, before = production is null ? null : log.Read().ProductionBefore(production);
            foreach (string night in nights.Names.SkipLast(job.Configuration.Nightly.Keep).Where(night => night != production && night != before).ToArray())
            {
                nights.Remove(night);
                job.Progress.Line($"{night} is removed (Nightly:Keep).");
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            job.Progress.Line($"An old night cannot be removed: {cause.Message}"); // this one serves all the same
        }
    }

    private ExitCode PassOver(string name)
    {
        new StagePipeline(job with { RunDirectory = nights.PathOf(name) }).SummarizeWhatIsThere();
        StageDirectory report = StageDirectory.Open(nights.PathOf(name), Stage.Report);
        bool serves = name == nights.Production;
        string stands = serves ? "is in production" : "was in production before";
        log.RecordPassedOver(name, $"Input and settings are those of {name}, which {stands}: there was nothing to do.");
        NightPages.Write(job, nights, name);
        job.Output.WriteLine($"{EvaluateStage.Headline(report)}. Open {NightPages.ReportOf(nights, name)} in a browser.");
        job.Output.WriteLine(serves
            ? $"in production: {name} → {nights.CurrentPath}"
            : $"{name} went into production before; now {nights.Production} is. `{Promotion.Command(job, name)}` puts it back.");
        return ExitCode.Done;
    }

    private void RecordFailure(Exception failure)
    {
        try
        {
            if (state!.Night == nights.Production)
            {
                log.RecordEnd(state, NightOutcome.Production, $"{state.Approval?.Reason} After that: {failure.Message}", pipeline?.Seconds);
                return;
            }

            string outcome = job.Cancellation.IsCancellationRequested && failure is OperationCanceledException ? NightOutcome.Interrupted
                : IsOfTheInput(failure) ? NightOutcome.Stopped
                : NightOutcome.Failed;
            string reason = outcome == NightOutcome.Interrupted ? "It was stopped; the same command again goes on with it." : failure.Message;
            log.RecordEnd(state, outcome, reason, pipeline?.Seconds);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            job.Progress.Line($"{nights.HistoryPath} cannot be written: {cause.Message}"); // a later run records it
        }
    }

    private string Fingerprint()
    {
        NcfSparkConfiguration settings = job.Configuration;
        return Stage.FingerprintOf(
            "night",
            [Artifact.File(prepare.Name, () => prepare.Fingerprint), .. new ScoreFiles(settings).Artifacts, .. ModelImport.FilesOf(settings.Import)],
            [
                ("Model", settings.Model), ("Train", settings.Train), ("Evaluate", settings.Evaluate), ("Score", settings.Score), ("Nightly", settings.Nightly),
                .. settings.Import.IsSet ? [("Import", settings.Import)] : Array.Empty<(string, object)>(),
            ]);
    }
}
