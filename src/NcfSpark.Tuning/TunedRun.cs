using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Tuning;

/// <summary>
/// `--input LOG --tune MINUTES`: before the first night of a log the kind of model and its settings are searched, and the run directory keeps what was
/// found. untuned.json there is what the search begins from; while it is there the search has not ended, and the same command continues it.
/// </summary>
public static class TunedRun
{
    /// <summary>The file that a search begins from, in the run directory.</summary>
    public const string UntunedName = "untuned.json";

    /// <summary>The configuration to begin with: that of the search, or the kept one where the search ended.</summary>
    /// <param name="check">As of <see cref="KeptConfiguration.Of"/>.</param>
    public static string Begin(string log, string runDirectory, Action<string> check, IProgressReporter progress, TextWriter output)
    {
        string untuned = Path.Combine(runDirectory, UntunedName);
        if (File.Exists(untuned))
        {
            KeptConfiguration.RefuseAnother(log, untuned);
            return untuned;
        }

        string kept = KeptConfiguration.Of(log, runDirectory, check, progress, output);
        if (Directory.Exists(Path.Combine(runDirectory, TuneStage.StageName)))
        {
            output.WriteLine($"They were searched before. To search anew, delete {Path.Combine(runDirectory, TuneStage.StageName)}.");
            return kept;
        }

        AtomicFile.Write(untuned, File.ReadAllText(kept));
        RunStore.Of(untuned)?.Save(untuned);
        return untuned;
    }

    /// <summary>Searches, where that has not ended, and keeps what was found: all that the log's configuration says, with another model and training.</summary>
    /// <param name="job">Its configuration is that of <see cref="Begin"/>, with what the command line and the environment set.</param>
    /// <returns>The kept configuration.</returns>
    public static string Search(JobContext job)
    {
        string kept = Path.Combine(job.RunDirectory, KeptConfiguration.FileName), untuned = Path.Combine(job.RunDirectory, UntunedName);
        if (job.ConfigurationFile != untuned) return kept;
        NcfSparkConfiguration best = Load(TuneStage.Best(job)), start = Load(untuned);
        string[] remark = [$"Model and Train were chosen by a search of {job.Configuration.Tune.BudgetMinutes} minutes; tune/ has what was tried."];
        AtomicFile.Write(kept, TunedConfiguration.Text(untuned, start with { Model = best.Model, Train = best.Train }, remark));
        RunStore.Of(kept)?.Save(kept);
        File.Delete(untuned);
        RunStore.Of(untuned)?.Save(untuned);
        job.Output.WriteLine($"These settings are kept in {kept} for the nights to come.");
        return kept;

        NcfSparkConfiguration Load(string path) => ConfigurationLoader.Load(path, [], new Hashtable()); // without what this command line sets
    }
}
