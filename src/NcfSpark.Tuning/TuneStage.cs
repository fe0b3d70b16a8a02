using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Pipeline;
using NcfSpark.Training;

namespace NcfSpark.Tuning;

/// <summary>
/// The log of interactions and ranges of settings → tune/: the best configuration, and the table of all that were tried. Without a file of ranges the kind of
/// model is searched as well, beside the baselines.
/// </summary>
public sealed class TuneStage : Stage
{
    public const string StageName = "tune";

    private const string BestName = "best.json";

    private readonly JobContext job, searched;
    private readonly SearchSpace? ranges; // null: kinds, which depend on the log's size
    private readonly SearchDataStage rows;
    private IReadOnlyList<Artifact>? inputs;
    private string work = "";
    private PreparedData? data;

    private TuneStage(JobContext job)
    {
        (this.job, searched) = (job, job with { Configuration = SearchDataStage.Searched(job.Configuration) });
        ranges = Settings.Search.Length == 0 ? null : SearchSpace.Read(Settings.Search, searched.Configuration, Settings.Seed);
        rows = new SearchDataStage(searched);
    }

    public override string Name => StageName;

    public override IReadOnlyList<Artifact> Inputs =>
        inputs ??=
        [
            Artifact.File(rows.Name, () => rows.Fingerprint),
            .. ranges is null ? Array.Empty<Artifact>() : [Artifact.File("search", () => FileHash.Of(Settings.Search, "Tune:Search"))],
        ];

    public override IReadOnlyList<(string, object)> Options =>
        [("Model", searched.Configuration.Model), ("Train", searched.Configuration.Train), ("Tune", Settings)];

    public override long Seed => Settings.Seed;

    private TuneOptions Settings => job.Configuration.Tune;

    private long BudgetSeconds => (long)Math.Ceiling(Settings.BudgetMinutes * 60);

    /// <summary>Searches, or opens what a search with at least this budget found, and says how to use it.</summary>
    public static ExitCode Tune(JobContext job)
    {
        string best = Make(job).NameOf(BestName);
        job.Output.WriteLine(
            $"To use it: `{Advice.Command("nightly", "--config", best, "--run", $"{job.RunDirectory.TrimEnd('/')}-tuned")}`");
        return ExitCode.Done;
    }

    /// <summary>The same, and returns the file of the best configuration.</summary>
    public static string Best(JobContext job) => Make(job).File(BestName);

    private static StageDirectory Make(JobContext job)
    {
        var stage = new TuneStage(job);
        var pipeline = new StagePipeline(job) { Resume = false };
        StageDirectory? before = pipeline.Find(stage);
        if (before is not null && before.Manifest.Rows["budget_seconds"] >= stage.BudgetSeconds)
        {
            pipeline.WriteSummary(before, "was there already; a larger Tune:BudgetMinutes searches on");
            return stage.Tell(before);
        }

        stage.work = OpenWork(job.RunDirectory, stage, before);
        stage.data = new PreparedData(new StagePipeline(stage.searched with { RunDirectory = stage.work }).Make(stage.rows));
        return stage.Tell(pipeline.Make(stage));
    }

    public override StageCounts Run(StageContext context)
    {
        SearchSpace space = ranges ?? SearchSpace.OfKinds(searched.Configuration, data!.Directory.Manifest.Rows["train"], Settings.Seed);
        job.Progress.Line($"Searching {(ranges is null ? "the kind of model and its settings" : string.Join(", ", space.Searched))} for "
            + $"{Settings.BudgetMinutes} minutes, beginning with the configuration itself. Only validation is looked at.");
        using IProgressTask progress = job.Progress.Start("tune", BudgetSeconds, "s");
        var journal = new TrialJournal(Path.Combine(work, TrialJournal.FileName));
        (ChosenBaselines? baselines, double seconds) = ranges is null ? MeasureBaselines(journal, progress) : (null, 0);
        var trials = new SearchTrials(searched, work, data!, journal, progress);
        int epochs = ranges is null ? space.MostEpochs : searched.Configuration.Train.Epochs;
        SearchResult result = new Hyperband(Settings, epochs, searched.Configuration.Train.Seed, space.Draw, trials, seconds, space.Kinds.Count).Run()
            with { Baselines = baselines, Kinds = space.Kinds };
        if (result.Finalists.Count == 0)
        {
            throw new InvalidInputException(result.Trials.Any(trial => trial.IsTooSlow)
                ? $"Not one model could be trained within {Settings.BudgetMinutes} minutes: give the search more."
                : "Not one candidate could be trained, the configuration itself neither: all diverged. Lower the learning rates in it and in the ranges.");
        }

        var candidates = result.Trials.Select(trial => trial.Candidate).Distinct().ToDictionary(number => number, number => space.Draw(number)!);
        IStageWriter writer = context.Writer;
        File.Copy(Path.Combine(work, TrialJournal.FileName), writer.File(TrialJournal.FileName));
        File.WriteAllText(writer.File(TuneTable.JsonName), TuneTable.Json(result, Settings, trials.ValidationUsers, candidates));
        File.WriteAllText(writer.File(TuneTable.TextName), TuneTable.Text(result, Settings, trials.ValidationUsers, candidates));
        File.WriteAllText(
            writer.File(BestName), TunedConfiguration.Text(job.ConfigurationFile!, ToUse(job.Configuration, result.Finalists[0]), Remark(result, space)));
        context.WhenPublished = () => Leftovers.TryDelete(work);
        return new StageCounts(new()
        {
            ["candidates"] = result.Candidates, ["brackets"] = result.Brackets, ["trials"] = result.Trials.Count, ["budget_seconds"] = BudgetSeconds,
        });
    }

    // On the rows and users that models are validated on. Seconds are of the first time, so that a search that continues is the same.
    private (ChosenBaselines Chosen, double Seconds) MeasureBaselines(TrialJournal journal, IProgressTask progress)
    {
        long began = job.Time.GetTimestamp();
        TrainOptions train = searched.Configuration.Train;
        EvaluateOptions evaluate = searched.Configuration.Evaluate with { Seed = train.Seed, Threads = train.Threads };
        ChosenBaselines chosen = Baselines.Choose(EvaluationData.From(data!), evaluate, job.Progress, train.ValidationUsers).Chosen;
        const int None = -1; // no candidate's number
        Trial? before = journal.Find(None, 0, train.Seed, TimeSpan.MaxValue);
        Trial took = before ?? new(None, 0, train.Seed, null, null, 0, job.Time.GetElapsedTime(began).TotalSeconds);
        if (before is null) journal.Add(took);
        progress.Advance((long)Math.Round(took.Seconds));
        return (chosen, took.Seconds);
    }

    // The search's working directory. What an interrupted search of the same left there is used; what others left is removed.
    private static string OpenWork(string runDirectory, Stage stage, StageDirectory? before)
    {
        string work = Path.Combine(runDirectory, $"{stage.Name}.trials-{stage.Fingerprint}");
        foreach (string other in Directory.GetDirectories(runDirectory, $"{stage.Name}.trials-*"))
        {
            if (Path.GetFileName(other) != Path.GetFileName(work)) Directory.Delete(other, recursive: true);
        }

        Directory.CreateDirectory(work);
        string journal = Path.Combine(work, TrialJournal.FileName);
        if (before is not null && !File.Exists(journal)) File.Copy(before.File(TrialJournal.FileName), journal);
        return work;
    }

    // As it was searched, but trained on the validation rows, too, for as many epochs as were best.
    private static NcfSparkConfiguration ToUse(NcfSparkConfiguration start, Finalist best) => start with
    {
        Prepare = start.Prepare with { Validation = false, NegativesAvoid = best.Candidate.Configuration.Prepare.NegativesAvoid },
        Model = best.Candidate.Configuration.Model,
        Train = best.Candidate.Configuration.Train with { Epochs = best.Epochs, Patience = 0, ValidationUsers = start.Train.ValidationUsers },
    };

    private IEnumerable<string> Remark(SearchResult result, SearchSpace space)
    {
        Finalist best = result.Finalists[0];
        Finalist? start = result.Finalists.FirstOrDefault(finalist => finalist.Candidate.Number == 0);
        string itself = start is null ? "failed" : $"{start.Mean:F4}";
        yield return $"Found by `tune` from {RunStore.WithPlaces(job.ConfigurationFile!)}: "
            + $"{(best.Candidate.Number == 0 ? "nothing better than the configuration itself" : "the best")} "
            + $"among {result.Candidates} candidates, by NDCG@10 on validation:";
        string by = best.Finals.Count > 0 ? $"(means of {best.Finals.Count} seeds that the search had not used)" : "(by one seed, chosen as the best of many)";
        yield return $"{best.Mean:F4}, where the configuration itself has {itself} {by}. {TuneTable.TextName} beside it has the table.";
        yield return $"Searched: Train:Epochs and {(ranges is null
            ? "the kind of model, with settings of each"
            : $"{space.Searched.Count()} settings that {Settings.Search} names")}. "
            + "The validation rows are trained on here (Prepare:Validation false), for as many epochs as were best.";
    }

    private StageDirectory Tell(StageDirectory tuned)
    {
        if (ranges is null) job.Output.WriteLine(File.ReadAllText(tuned.File(TuneTable.TextName)));
        JsonArray finalists = JsonNode.Parse(File.ReadAllText(tuned.File(TuneTable.JsonName)))!["finalists"]!.AsArray();
        JsonNode? start = finalists.FirstOrDefault(finalist => finalist!["candidate"]!.GetValue<int>() == 0);
        string Ndcg(JsonNode? finalist) => finalist is null ? "none" : $"{finalist["ndcg@10"]!.GetValue<double>():F4}";
        string kind = ranges is null ? $"Chosen: {finalists[0]!["kind"]}, " : "";
        job.Output.WriteLine(
            $"{kind}validation NDCG@10 {Ndcg(finalists[0])}, the configuration itself {Ndcg(start)}; {tuned.NameOf(TuneTable.TextName)} has the table.");
        return tuned;
    }
}
