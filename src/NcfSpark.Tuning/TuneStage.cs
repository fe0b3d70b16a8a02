using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Tuning;

/// <summary>The log of interactions and ranges of settings → tune/: the best configuration, and the table of all that were tried.</summary>
public sealed class TuneStage : Stage
{
    private const string BestName = "best.json";

    private readonly JobContext job, searched;
    private readonly SearchSpace space;
    private readonly SearchDataStage rows;
    private IReadOnlyList<Artifact>? inputs;
    private string work = "";
    private PreparedData? data;

    private TuneStage(JobContext job)
    {
        (this.job, searched) = (job, job with { Configuration = SearchDataStage.Searched(job.Configuration) });
        space = SearchSpace.Read(Settings.Search, searched.Configuration, Settings.Seed);
        rows = new SearchDataStage(searched);
    }

    public override string Name => "tune";

    public override IReadOnlyList<Artifact> Inputs =>
        inputs ??= [Artifact.File(rows.Name, () => rows.Fingerprint), Artifact.File("search", () => FileHash.Of(Settings.Search, "Tune:Search"))];

    public override IReadOnlyList<(string, object)> Options =>
        [("Model", searched.Configuration.Model), ("Train", searched.Configuration.Train), ("Tune", Settings)];

    public override long Seed => Settings.Seed;

    private TuneOptions Settings => job.Configuration.Tune;

    private long BudgetSeconds => (long)Math.Ceiling(Settings.BudgetMinutes * 60);

    /// <summary>Searches, or opens what a search with at least this budget found.</summary>
    public static ExitCode Tune(JobContext job)
    {
        var stage = new TuneStage(job);
        var pipeline = new StagePipeline(job) { Resume = false };
        StageDirectory? before = pipeline.Find(stage);
        if (before is not null && before.Manifest.Rows["budget_seconds"] >= stage.BudgetSeconds)
        {
            pipeline.WriteSummary(before, "was there already; a larger Tune:BudgetMinutes searches on");
            stage.WriteBest(before);
            return ExitCode.Done;
        }

        stage.work = OpenWork(job.RunDirectory, stage, before);
        stage.data = new PreparedData(new StagePipeline(stage.searched with { RunDirectory = stage.work }).Make(stage.rows));
        stage.WriteBest(pipeline.Make(stage));
        return ExitCode.Done;
    }

    public override StageCounts Run(StageContext context)
    {
        job.Progress.Line($"Searching {string.Join(", ", space.Searched)} for {Settings.BudgetMinutes} minutes, beginning with the configuration "
            + "itself. Only validation is looked at.");
        using IProgressTask progress = job.Progress.Start("tune", BudgetSeconds, "s");
        var trials = new SearchTrials(searched, work, data!, new TrialJournal(Path.Combine(work, TrialJournal.FileName)), progress);
        SearchResult result = new Hyperband(Settings, searched.Configuration.Train.Epochs, searched.Configuration.Train.Seed, space.Draw, trials).Run();
        if (result.Finalists.Count == 0)
        {
            throw new InvalidInputException(
                "Not one candidate could be trained, the configuration itself neither: all diverged. Lower the learning rates in it and in the ranges.");
        }

        var candidates = result.Trials.Select(trial => trial.Candidate).Distinct().ToDictionary(number => number, number => space.Draw(number)!);
        IStageWriter writer = context.Writer;
        File.Copy(Path.Combine(work, TrialJournal.FileName), writer.File(TrialJournal.FileName));
        File.WriteAllText(writer.File(TuneTable.JsonName), TuneTable.Json(result, Settings, trials.ValidationUsers, candidates));
        File.WriteAllText(writer.File(TuneTable.TextName), TuneTable.Text(result, Settings, trials.ValidationUsers, candidates));
        File.WriteAllText(
            writer.File(BestName), TunedConfiguration.Text(job.ConfigurationFile!, ToUse(job.Configuration, result.Finalists[0]), Remark(result)));
        context.WhenPublished = () => Leftovers.TryDelete(work);
        return new StageCounts(new()
        {
            ["candidates"] = result.Candidates, ["brackets"] = result.Brackets, ["trials"] = result.Trials.Count, ["budget_seconds"] = BudgetSeconds,
        });
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
        Train = best.Candidate.Configuration.Train with { Epochs = best.Epochs, Patience = 0 },
    };

    private IEnumerable<string> Remark(SearchResult result)
    {
        Finalist best = result.Finalists[0];
        Finalist? start = result.Finalists.FirstOrDefault(finalist => finalist.Candidate.Number == 0);
        string itself = start is null ? "failed" : $"{start.Mean:F4}";
        yield return $"Found by `tune` from {job.ConfigurationFile}: "
            + $"{(best.Candidate.Number == 0 ? "nothing better than the configuration itself" : "the best")} "
            + $"among {result.Candidates} candidates, by NDCG@10 on validation:";
        string by = best.Finals.Count > 0 ? $"(means of {best.Finals.Count} seeds that the search had not used)" : "(by one seed, chosen as the best of many)";
        yield return $"{best.Mean:F4}, where the configuration itself has {itself} {by}. {TuneTable.TextName} beside it has the table.";
        yield return $"Searched: Train:Epochs and {space.Searched.Count()} settings that {Settings.Search} names. "
            + "The validation rows are trained on here (Prepare:Validation false), for as many epochs as were best.";
    }

    private void WriteBest(StageDirectory tuned)
    {
        JsonArray finalists = JsonNode.Parse(File.ReadAllText(tuned.File(TuneTable.JsonName)))!["finalists"]!.AsArray();
        JsonNode? start = finalists.FirstOrDefault(finalist => finalist!["candidate"]!.GetValue<int>() == 0);
        string Ndcg(JsonNode? finalist) => finalist is null ? "none" : $"{finalist["ndcg@10"]!.GetValue<double>():F4}";
        job.Output.WriteLine(
            $"validation NDCG@10 {Ndcg(finalists[0])}, the configuration itself {Ndcg(start)}; {tuned.File(TuneTable.TextName)} has the table. "
            + $"To use it: ./submit.sh nightly --config {tuned.File(BestName)} --run {job.RunDirectory.TrimEnd('/')}-tuned");
    }
}
