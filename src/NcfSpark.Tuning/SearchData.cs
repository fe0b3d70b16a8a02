using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Tuning;

/// <summary>
/// The rows of a search: prepared like any others, with as many held out to validate as to test, and then the test part is thrown away. What is not there cannot be looked at.
/// </summary>
internal static class SearchData
{
    private const string StageName = "data";
    private static readonly string[] kept = ["users", "items", "train", "validation"];

    /// <summary>
    /// The configuration of what is searched: with validation, and with held-out items drawn as negatives like all others; never drawn, they are what a model that fits well finds,
    /// and the search would choose the best fit (conf/README.md, "A trap: negatives and held-out items").
    /// </summary>
    public static NcfSparkConfiguration Searched(NcfSparkConfiguration configuration) => configuration with
    {
        Prepare = configuration.Prepare with { Validation = true, NegativesAvoid = AvoidedItems.Trained, TestCandidates = 0 },
    };

    /// <param name="job">The job, with the configuration of what is searched.</param>
    /// <param name="directory">The search's own directory.</param>
    /// <param name="fingerprint">Of the prepared rows.</param>
    /// <exception cref="InvalidInputException">The input is at fault, or there is nothing to validate on.</exception>
    public static PreparedData Open(JobContext job, string directory, string fingerprint)
    {
        StageDirectory data = StageDirectory.OpenIfFinished(directory, StageName, fingerprint) ?? Make(job with { RunDirectory = directory }, fingerprint);
        if (data.Manifest.Rows.GetValueOrDefault("validation") == 0) throw new InvalidInputException("There is nothing to validate on: no user has enough interactions. Lower Prepare:Holdout or Prepare:MinInteractions.");
        return new PreparedData(data);
    }

    private static StageDirectory Make(JobContext job, string fingerprint)
    {
        StageDirectory prepared = PrepareJob.Make(job);
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, StageName);
        foreach (string part in kept.Where(part => Directory.Exists(prepared.File(part)))) StageDirectory.Rename(prepared.File(part), writer.File(part));
        var rows = new SortedDictionary<string, long>(prepared.Manifest.Rows);
        foreach (string gone in rows.Keys.Where(name => name.StartsWith("test", StringComparison.Ordinal)).ToArray()) rows.Remove(gone);
        StageDirectory data = writer.Publish(new StageManifest
        {
            Stage = StageName,
            Fingerprint = fingerprint,
            MadeFrom = prepared.Manifest.MadeFrom,
            Configuration = prepared.Manifest.Configuration,
            Seed = prepared.Manifest.Seed,
            Rows = rows,
        });
        Directory.Delete(prepared.Path, recursive: true);
        return data;
    }
}
