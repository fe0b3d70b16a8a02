using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Pipeline;

namespace NcfSpark.Tuning;

/// <summary>The log of interactions and ranges of settings → tune/: the best configuration, and the table of all that were tried.</summary>
public static class TuneJob
{
    public const string StageName = "tune", BestName = "best.json";

    public static ExitCode Run(JobContext job)
    {
        JobContext searched = job with { Configuration = SearchData.Searched(job.Configuration) };
        TuneOptions options = job.Configuration.Tune;
        SearchSpace space = SearchSpace.Read(options.Search, searched.Configuration, options.Seed);
        string data = PrepareJob.Fingerprint(searched), fingerprint = Fingerprint(searched, data);
        StageDirectory? before = StageDirectory.OpenIfFinished(job.RunDirectory, StageName, fingerprint);
        if (before is not null && before.Manifest.Rows["budget_seconds"] >= Seconds(options))
        {
            Tell(job, before, "was there already; a larger Tune:BudgetMinutes searches on");
            return ExitCode.Done;
        }

        string work = OpenWork(job.RunDirectory, fingerprint, before);
        SearchTrials trials;
        SearchResult result;
        using (IProgressTask progress = job.Progress.Start("tune", Seconds(options), "s"))
        {
            job.Progress.Line($"Searching {string.Join(", ", space.Searched)} for {options.BudgetMinutes} minutes, beginning with the configuration itself. Only validation is looked at.");
            trials = new SearchTrials(searched, work, SearchData.Open(searched, work, data), new TrialJournal(Path.Combine(work, TrialJournal.FileName)), progress);
            result = new HalvingSearch(options, searched.Configuration.Train.Epochs, searched.Configuration.Train.Seed, space.Draw, trials).Run();
        }

        if (result.Finalists.Count == 0) throw new InvalidInputException("Not one candidate could be trained, the configuration itself neither: all diverged. Lower the learning rates in it and in the ranges.");
        StageDirectory tuned = Publish(job, result, space, trials.ValidationUsers, fingerprint, data, work);
        Leftovers.TryDelete(work);
        Tell(job, tuned, $"{result.Seconds:F0} s");
        return ExitCode.Done;
    }

    private static long Seconds(TuneOptions options) => (long)Math.Ceiling(options.BudgetMinutes * 60);

    private static string Fingerprint(JobContext searched, string data) => StageManifest.FingerprintOf(
        StageName,
        new() { [PreparedData.StageName] = data, ["search"] = FileHash.Of(searched.Configuration.Tune.Search, "Tune:Search") },
        new()
        {
            ["Model"] = SettingsJson.ResultShaping(searched.Configuration.Model),
            ["Train"] = SettingsJson.ResultShaping(searched.Configuration.Train),
            ["Tune"] = SettingsJson.ResultShaping(searched.Configuration.Tune),
        });

    // The search's own directory. What an earlier search of the same left is gone on with, what another left is removed.
    private static string OpenWork(string runDirectory, string fingerprint, StageDirectory? before)
    {
        string work = Path.Combine(runDirectory, $"{StageName}.trials-{fingerprint}");
        foreach (string other in Directory.GetDirectories(runDirectory, $"{StageName}.trials-*").Where(other => Path.GetFileName(other) != Path.GetFileName(work))) Directory.Delete(other, recursive: true);
        Directory.CreateDirectory(work);
        string journal = Path.Combine(work, TrialJournal.FileName);
        if (before is not null && !File.Exists(journal)) File.Copy(before.File(TrialJournal.FileName), journal);
        return work;
    }

    private static StageDirectory Publish(JobContext job, SearchResult result, SearchSpace space, int validationUsers, string fingerprint, string data, string work)
    {
        (Finalist best, TuneOptions options) = (result.Finalists[0], job.Configuration.Tune);
        Dictionary<int, Candidate> candidates = result.Trials.Select(trial => trial.Candidate).Distinct().ToDictionary(number => number, number => space.Draw(number)!);
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, StageName);
        File.Copy(Path.Combine(work, TrialJournal.FileName), writer.File(TrialJournal.FileName));
        File.WriteAllText(writer.File(TuneTable.JsonName), TuneTable.Json(result, options, validationUsers, candidates));
        File.WriteAllText(writer.File(TuneTable.TextName), TuneTable.Text(result, options, validationUsers, candidates));
        File.WriteAllText(writer.File(BestName), TunedConfiguration.Text(job.ConfigurationFile!, ToUse(job.Configuration, best), Remark(job, result, space)));
        return writer.Publish(new StageManifest
        {
            Stage = StageName,
            Fingerprint = fingerprint,
            MadeFrom = new() { [PreparedData.StageName] = data },
            Configuration = new SortedDictionary<string, JsonNode> { ["Tune"] = SettingsJson.All(options) },
            Seed = options.Seed,
            Rows = new() { ["candidates"] = result.Candidates, ["brackets"] = result.Brackets, ["trials"] = result.Trials.Count, ["budget_seconds"] = Seconds(options) },
        });
    }

    // As it was searched, but trained on the validation rows, too, for as many epochs as were best.
    private static NcfSparkConfiguration ToUse(NcfSparkConfiguration start, Finalist best) => start with
    {
        Prepare = start.Prepare with { Validation = false, NegativesAvoid = best.Candidate.Configuration.Prepare.NegativesAvoid },
        Model = best.Candidate.Configuration.Model,
        Train = best.Candidate.Configuration.Train with { Epochs = best.Epochs, Patience = 0 },
    };

    private static IEnumerable<string> Remark(JobContext job, SearchResult result, SearchSpace space)
    {
        Finalist best = result.Finalists[0];
        Finalist? start = result.Finalists.FirstOrDefault(finalist => finalist.Candidate.Number == 0);
        string itself = start is null ? "failed" : $"{start.Mean:F4}";
        yield return $"Found by `tune` from {job.ConfigurationFile}: {(best.Candidate.Number == 0 ? "nothing better than the configuration itself" : "the best")} among {result.Candidates} candidates, by NDCG@10 on validation:";
        yield return $"{best.Mean:F4}, where the configuration itself has {itself}{(best.Finals.Count > 0 ? $" (means of {best.Finals.Count} seeds that the search had not used)" : " (by one seed, chosen as the best of many)")}. {TuneTable.TextName} beside it has the table.";
        yield return $"Searched: Train:Epochs and {space.Searched.Count()} settings that {job.Configuration.Tune.Search} names. The validation rows are trained on here (Prepare:Validation false), for as many epochs as were best.";
    }

    private static void Tell(JobContext job, StageDirectory tuned, string remark)
    {
        StageSummary.Write(job, tuned, remark);
        JsonArray finalists = JsonNode.Parse(File.ReadAllText(tuned.File(TuneTable.JsonName)))!["finalists"]!.AsArray();
        JsonNode? start = finalists.FirstOrDefault(finalist => finalist!["candidate"]!.GetValue<int>() == 0);
        string Ndcg(JsonNode? finalist) => finalist is null ? "none" : $"{finalist["ndcg@10"]!.GetValue<double>():F4}";
        job.Output.WriteLine($"validation NDCG@10 {Ndcg(finalists[0])}, the configuration itself {Ndcg(start)}; {tuned.File(TuneTable.TextName)} has the table. To use it: ./submit.sh nightly --config {tuned.File(BestName)} --run {job.RunDirectory.TrimEnd('/')}-tuned");
    }
}
