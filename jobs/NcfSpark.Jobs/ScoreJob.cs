using NcfSpark.Data;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Scoring;

namespace NcfSpark.Jobs;

/// <summary>prepared/ and model/ → predictions/: recommendations/ for every user, and pairs/ where Score:PairsPath names some.</summary>
internal static class ScoreJob
{
    public const string StageName = "predictions";

    public static ExitCode Run(JobContext job)
    {
        StageDirectory prepared = PrepareJob.Open(job);
        StageDirectory model = TrainJob.Open(job, prepared);
        bool refitted = Directory.Exists(Path.Combine(job.RunDirectory, RefitJob.StageName)); // of a night
        StageSummary.Write(job, Make(job, prepared, refitted ? StageDirectory.Open(job.RunDirectory, RefitJob.StageName, model) : model));
        return ExitCode.Done;
    }

    public static string Fingerprint(JobContext job, StageDirectory prepared, StageDirectory model) => StageManifest.FingerprintOf(
        StageName,
        MadeFrom(job, prepared, model),
        new() { ["Score"] = SettingsJson.ResultShaping(job.Configuration.Score) });

    public static StageDirectory Make(JobContext job, StageDirectory prepared, StageDirectory model)
    {
        ScoreOptions options = job.Configuration.Score;
        SortedDictionary<string, string> madeFrom = MadeFrom(job, prepared, model);
        (string[] Users, string[] Items)? pairs = ReadPairs(job);
        TrainedModel trained = TrainedModel.Read(model);
        var data = new PreparedData(prepared);
        InteractionLists seen = data.ReadTouched();
        if (trained.Weights.Options.HasHistory) trained.Weights.Pools = WholeHistory(data, trained.Weights);
        using IModelScorer scorer = Scorers.Of(trained.Weights, job.Configuration.Train);
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, StageName);
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal) { ["users"] = trained.Users.Count };
        Count(rows, "recommendations", new RecommendationWriter(trained, scorer, seen, options).Write(writer.File("recommendations/part-00000.parquet"), job.Progress, job.Cancellation));
        if (pairs is { } given)
        {
            Count(rows, "pairs", new PairWriter(trained, scorer, options).Write(writer.File("pairs/part-00000.parquet"), given.Users, given.Items, job.Progress, job.Cancellation));
        }

        return writer.Publish(new StageManifest
        {
            Stage = StageName,
            Fingerprint = Fingerprint(job, prepared, model),
            MadeFrom = madeFrom,
            Configuration = new() { ["Score"] = SettingsJson.All(options) },
            Seed = job.Configuration.Train.Seed,
            Rows = rows,
        });
    }

    // What a user did last says most about tomorrow, whether it was held out to measure or not.
    private static UserPools WholeHistory(PreparedData prepared, ModelWeights weights)
    {
        (InteractionRows train, int[] labels) = prepared.ReadTrain();
        InteractionRows[] parts = [train, prepared.ReadHeldOut("validation"), prepared.ReadHeldOut("test")];
        bool[] counts = [.. labels.Select(label => label == 1), .. parts[1..].SelectMany(part => Enumerable.Repeat(true, part.Count))];
        T[] Column<T>(Func<InteractionRows, T[]> column) => [.. parts.SelectMany(column).Where((_, row) => counts[row])];
        return UserPools.Latest(weights.UserCount, new InteractionRows(Column(part => part.Users), Column(part => part.Items), Column(part => part.Timestamps)), weights.Options.HistoryLength);
    }

    /// <summary>The pairs to score; null where no file is named.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read, lacks a column, or has a row without both ids.</exception>
    public static (string[] Users, string[] Items)? ReadPairs(JobContext job)
    {
        ScoreOptions options = job.Configuration.Score;
        return options.PairsPath.Length == 0
            ? null
            : TextColumns.Read(options.PairsPath, "Score:PairsPath", ("Score:PairsUserColumn", options.PairsUserColumn), ("Score:PairsItemColumn", options.PairsItemColumn));
    }

    private static void Count(SortedDictionary<string, long> rows, string part, SortedDictionary<string, long> bySource)
    {
        foreach ((string source, long count) in bySource) rows[$"{part}_by_{source}"] = count;
    }

    private static SortedDictionary<string, string> MadeFrom(JobContext job, StageDirectory prepared, StageDirectory model)
    {
        var from = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared.Manifest.Fingerprint, [TrainedModel.StageName] = model.Manifest.Fingerprint };
        if (job.Configuration.Score.PairsPath is { Length: > 0 } path) from["pairs"] = FileHash.Of(path, "Score:PairsPath");
        return from;
    }
}
