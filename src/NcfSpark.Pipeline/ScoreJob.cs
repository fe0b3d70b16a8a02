using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Pipeline;

/// <summary>
/// prepared/ and model/ → predictions/: recommendations/ for the users who are wanted, and where the settings ask for them users_of_items/, similar_items/ and pairs/.
/// What users have touched is read by ranges of users, so memory does not grow with their number.
/// </summary>
public static class ScoreJob
{
    public const string StageName = "predictions";

    public static ExitCode Run(JobContext job)
    {
        var times = PartTimes.SinceProcessStart(job.Time);
        StageDirectory prepared = PrepareJob.Open(job);
        StageDirectory model = TrainJob.Open(job, prepared);
        if (Directory.Exists(Path.Combine(job.RunDirectory, RefitJob.StageName))) model = RefitOf(job, model); // of a night
        times.Took("checking what is there");
        StageSummary.Write(job, Make(job, prepared, model, times));
        return ExitCode.Done;
    }

    private static StageDirectory RefitOf(JobContext job, StageDirectory model)
    {
        StageDirectory refit = StageDirectory.Open(job.RunDirectory, RefitJob.StageName);
        if (refit.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) == model.Manifest.Fingerprint) return refit;
        job.Progress.Line($"{refit.Path} was trained after another model than {model.Path} holds now: predictions are made by the latter.");
        return model;
    }

    public static string Fingerprint(JobContext job, StageDirectory prepared, StageDirectory model) => Fingerprint(job, Inputs.Of(prepared, model, new ScoreFiles(job.Configuration).Hashes));

    private static string Fingerprint(JobContext job, SortedDictionary<string, string> madeFrom) => StageManifest.FingerprintOf(StageName, madeFrom, new() { ["Score"] = SettingsJson.ResultShaping(job.Configuration.Score) });

    public static StageDirectory Make(JobContext job, StageDirectory prepared, StageDirectory model) => Make(job, prepared, model, new PartTimes(job.Time));

    private static StageDirectory Make(JobContext job, StageDirectory prepared, StageDirectory model, PartTimes times)
    {
        ScoreOptions options = job.Configuration.Score;
        var files = new ScoreFiles(job.Configuration);
        SortedDictionary<string, string> madeFrom = Inputs.Of(prepared, model, files.Hashes); // before the files are read
        (ScoreLists lists, PairList? pairs) = files.Read();
        TrainedModel trained = TrainedModel.Read(model);
        files.CheckIds(lists, pairs, trained.Users, trained.Items);
        SortedDictionary<string, string> notes = files.Remarks(lists, trained);
        var data = new PreparedData(prepared);
        var touched = new TouchedReader(data, data.ReadUsers(), trained.Weights.Pools, latest: options.Since.Length > 0, options.ThreadCount);
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal);
        ChosenUsers chosen = lists.Users is { } ids ? ChosenUsers.Of(trained.Users, ids) : ChosenUsers.All(trained.Users);
        RecommendableItems items = RecommendableItems.Of(trained.Items, lists, options, () => touched.ItemTimes(trained.Items.Count, first: options.ItemDate == "first"), rows);
        using UsersOfItemsWriter? usersOfItems = lists.UsersOfItems is null
            ? null
            : new(trained, wanted => Scorers.Of(trained.Weights, wanted), RecommendableItems.Known(trained.Items, lists.UsersOfItems, "unknown_in_users_of_items_list", rows), options);
        using StageWriter writer = StageWriter.Begin(job.RunDirectory, StageName);
        times.Took("reading the model and lists");

        bool inTasks = job.Engine.IsSpark && job.Configuration.Spark.Score == "tasks";
        rows["users"] = inTasks
            ? WriteInTasks(job, writer, new SparkScore(job, prepared, model, trained, chosen, items), trained, chosen, items, rows)
            : WriteRecommendations(job, writer, trained, touched, chosen, items, usersOfItems, rows, times);
        if (inTasks && (usersOfItems is not null || (pairs is not null && trained.Weights.Pools is not null))) ReadHere(job, touched, chosen, usersOfItems);
        rows["unknown_in_users_list"] = chosen.UnknownCount;
        if (usersOfItems is not null) rows["users_of_items"] = usersOfItems.Write(writer.File("users_of_items/part-00000.parquet"));
        if (options.SimilarItems > 0) rows["similar_items"] = new SimilarItemsWriter(trained, items, options).Write(writer.File("similar_items/part-00000.parquet"), SimdLevels.FromEnvironment(), job.Progress, job.Cancellation);
        if (pairs is not null)
        {
            using IModelScorer scorer = Scorers.Of(trained.Weights);
            var pairWriter = new PairWriter(trained, scorer, options);
            Count(rows, "pairs", pairWriter.Write(writer.File("pairs/part-00000.parquet"), pairs, job.Progress, job.Cancellation));
            (rows["pairs_with_unknown_user"], rows["pairs_with_unknown_item"]) = (pairWriter.UnknownUsers.Count, pairWriter.UnknownItems.Count);
            foreach ((string which, string remark) in pairWriter.Remarks("Score:PairsPath", pairs.Count)) notes[which] = remark;
        }

        times.Took(inTasks ? "scoring" : "all else that was asked for");
        StageDirectory published = writer.Publish(new StageManifest
        {
            Stage = StageName,
            Fingerprint = Fingerprint(job, madeFrom),
            MadeFrom = madeFrom,
            Configuration = new() { ["Score"] = SettingsJson.All(options) },
            Seed = job.Configuration.Train.Seed,
            Rows = rows,
            Notes = notes,
        });
        times.Took("publishing");
        job.Progress.Line($"score took {times}");
        return published;
    }

    /// <summary>How many users got a list.</summary>
    private static long WriteRecommendations(JobContext job, StageWriter writer, TrainedModel trained, TouchedReader touched, ChosenUsers chosen, RecommendableItems items, UsersOfItemsWriter? usersOfItems, SortedDictionary<string, long> rows, PartTimes times)
    {
        ScoreOptions options = job.Configuration.Score;
        using IModelScorer scorer = Scorers.Of(trained.Weights, items.Items);
        using var recommendations = new RecommendationWriter(writer.File("recommendations/part-00000.parquet"), trained.Items, chosen, new Recommender(trained, scorer, items, options));
        using IProgressTask task = job.Progress.Start("scoring", chosen.Users.Length, "users");
        (long users, int start) = (0, 0);
        foreach (TouchedRange range in touched.Ranges())
        {
            times.Took("reading seen items");
            int end = chosen.EndOf(range, start);
            int[] wanted = range.Since(chosen.Users.AsSpan(start, end - start), options.Since);
            recommendations.Write(wanted, range.Seen, task, job.Cancellation);
            usersOfItems?.Add(wanted, range.Seen, job.Cancellation);
            task.Advance(end - start - wanted.Length); // those who were not there
            (users, start) = (users + wanted.Length, end);
            times.Took("scoring and writing");
        }

        recommendations.Finish();
        times.Took("scoring and writing");
        Count(rows, "recommendations", recommendations.Rows);
        return users;
    }

    /// <summary>The same within Spark's tasks. Users whom the model does not know are written here: they are those of a list, and have no rows that Spark could bring.</summary>
    private static long WriteInTasks(JobContext job, StageWriter writer, SparkScore score, TrainedModel trained, ChosenUsers chosen, RecommendableItems items, SortedDictionary<string, long> rows)
    {
        ScoreOptions options = job.Configuration.Score;
        (long users, SortedDictionary<string, long> bySource) = score.Write(writer.File("recommendations"));
        int[] unknown = options.Since.Length == 0 ? Array.FindAll(chosen.Users, user => user < 0) : [];
        if (unknown.Length > 0)
        {
            using IModelScorer scorer = Scorers.Of(trained.Weights, items.Items);
            using var recommendations = new RecommendationWriter(writer.File("recommendations/unknown-users.parquet"), trained.Items, chosen, new Recommender(trained, scorer, items, options));
            recommendations.Write(unknown, _ => [], SilentProgress.Instance, job.Cancellation);
            recommendations.Finish();
            foreach ((string source, long count) in recommendations.Rows) bySource[source] = bySource.GetValueOrDefault(source) + count;
        }

        Count(rows, "recommendations", bySource);
        return users + unknown.Length;
    }

    // What tasks read of the users, once more: for the lists that are made here, and for the histories by which pairs are scored.
    private static void ReadHere(JobContext job, TouchedReader touched, ChosenUsers chosen, UsersOfItemsWriter? usersOfItems)
    {
        int start = 0;
        foreach (TouchedRange range in touched.Ranges())
        {
            int end = chosen.EndOf(range, start);
            usersOfItems?.Add(range.Since(chosen.Users.AsSpan(start, end - start), job.Configuration.Score.Since), range.Seen, job.Cancellation);
            start = end;
        }
    }

    private static void Count(SortedDictionary<string, long> rows, string part, SortedDictionary<string, long> bySource)
    {
        foreach ((string source, long count) in bySource) rows[$"{part}_by_{source}"] = count;
    }
}
