using System.Globalization;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Pipeline;

/// <summary>
/// prepared/ and model/ → predictions/: recommendations/ for the wanted users, lists/NAME/ for each of Score:Lists, changes/ and list_changes/NAME/ from the
/// lists of an earlier night, if there is one, and users_of_items/, similar_items/ and pairs/ where the settings ask for them. What
/// users have touched is read in ranges of users, so memory does not grow with the number of users.
/// </summary>
/// <param name="model">The model that scores: the measured or the refitted one.</param>
/// <param name="earlier">The predictions of the night in production; null where there is none.</param>
public sealed class ScoreStage(NcfSparkConfiguration settings, StageDirectory prepared, StageDirectory model, StageDirectory? earlier = null) : Stage
{
    /// <summary>The directory of the named lists, one for each.</summary>
    public const string Lists = "lists";

    private readonly ScoreFiles files = new(settings);
    private readonly SortedDictionary<string, long> rows = new(StringComparer.Ordinal);
    private readonly ScoreOptions options = settings.Score;
    private readonly ListSums[] sumsOfLists = [.. settings.Score.Lists.Select(_ => new ListSums(0, 0, 0))];
    private IReadOnlyList<Artifact>? inputs;

    public override string Name => Predictions;

    public override IReadOnlyList<Artifact> Inputs => inputs ??= [Artifact.Of(prepared), Artifact.Of(model, TrainedModel.StageName), .. files.Artifacts,
        .. earlier is null ? Array.Empty<Artifact>() : [Artifact.Of(earlier, "earlier_predictions")]];

    public override IReadOnlyList<(string, object)> Options => [("Score", options)];

    public override long Seed => settings.Train.Seed;

    /// <summary>Refuses settings that do not go together where this job scores.</summary>
    /// <exception cref="InvalidInputException">They do not.</exception>
    public static void Check(JobContext job)
    {
        if (job.Configuration.Score.Hysteresis > 0 && job.Engine.IsSpark && job.Configuration.Spark.Score == ScorePlace.Tasks)
        {
            throw new InvalidInputException("Score:Hysteresis needs the lists of the night in production, which Spark's tasks do not have: set Spark:Score to "
                + "\"driver\", or Score:Hysteresis to 0.");
        }
    }

    public override StageCounts Run(StageContext context)
    {
        Check(context.Job);
        JobContext job = context.Job;
        (ScoreLists lists, PairList? pairs) = files.Read();
        TrainedModel trained = options.Told(TrainedModel.Read(model));
        files.CheckIds(lists, pairs, trained.Users, trained.Items);
        SortedDictionary<string, string> notes = files.Remarks(lists, trained);
        var data = new PreparedData(prepared);
        var touched = new TouchedReader(data, data.ReadUsers(), trained.Weights.Pools,
            latest: options.Since.Length > 0 || options.Lists.Any(list => list.By == ListKind.Because), options.ThreadCount);
        ChosenUsers chosen = lists.Users is { } ids ? ChosenUsers.Of(trained.Users, ids) : ChosenUsers.All(trained.Users);
        RecommendableItems items = RecommendableItems.Of(
            trained.Items, lists, options, () => touched.ItemTimes(trained.Items.Count, first: options.ItemDate == ItemDate.First), rows)
            .WithLists(lists, options, trained.Items, trained.Users, chosen, halfLife => touched.Trend(trained.Items.Count, halfLife));
        using UsersOfItemsWriter? usersOfItems = lists.UsersOfItems is null ? null : new(
            trained,
            wanted => Scorers.Of(trained.Weights, wanted),
            RecommendableItems.Known(trained.Items, lists.UsersOfItems, "unknown_in_users_of_items_list", rows),
            options);
        context.Timings.Took("reading the model and lists");

        bool inTasks = job.Engine.IsSpark && settings.Spark.Score == ScorePlace.Tasks;
        rows["users"] = inTasks
            ? WriteInTasks(context, new SparkScore(job, prepared, model, trained, chosen, items), trained, chosen, items)
            : WriteRecommendations(context, trained, touched, chosen, items, usersOfItems);
        if (inTasks && (usersOfItems is not null || (pairs is not null && trained.Weights.Pools is not null))) ReadHere(job, touched, chosen, usersOfItems);
        if (earlier is not null) WriteChanges(context, earlier);
        rows["unknown_in_users_list"] = chosen.UnknownCount;
        if (usersOfItems is not null) rows["users_of_items"] = usersOfItems.Write(context.Writer.File("users_of_items/part-00000.parquet"));
        if (options.SimilarItems > 0)
        {
            var writer = new SimilarItemsWriter(trained, items, options);
            rows["similar_items"] = writer.Write(
                context.Writer.File("similar_items/part-00000.parquet"), SimdLevels.FromEnvironment(), job.Progress, job.Cancellation);
        }

        if (pairs is not null)
        {
            using IModelScorer scorer = Scorers.Of(trained.Weights);
            var pairWriter = new PairWriter(trained, scorer, options);
            Count("pairs", pairWriter.Write(context.Writer.File("pairs/part-00000.parquet"), pairs, job.Progress, job.Cancellation));
            (rows["pairs_with_unknown_user"], rows["pairs_with_unknown_item"]) = (pairWriter.UnknownUsers.Count, pairWriter.UnknownItems.Count);
            foreach ((string which, string remark) in pairWriter.Remarks("Score:PairsPath", pairs.Count)) notes[which] = remark;
        }

        context.Timings.Took(inTasks ? "scoring" : "all else that was asked for");
        NotePromotions(notes);
        return new StageCounts(rows) { Notes = notes };
    }

    /// <summary>How many users got a list.</summary>
    private long WriteRecommendations(
        StageContext context, TrainedModel trained, TouchedReader touched, ChosenUsers chosen, RecommendableItems items, UsersOfItemsWriter? usersOfItems)
    {
        (JobContext job, StageTimings timings) = (context.Job, context.Timings);
        using IModelScorer scorer = Scorers.Of(trained.Weights, items.Items);
        using var recommender = new Recommender(trained, scorer, items, options)
        {
            Earlier = earlier is null || options.Hysteresis == 0 ? null : EarlierLists.Read(earlier.File("recommendations"), trained, items),
        };
        using var recommendations = new RecommendationWriter(context.Writer.File("recommendations/part-00000.parquet"), trained.Items, chosen, recommender,
            list => context.Writer.File($"{Lists}/{list}/part-00000.parquet"));
        using IProgressTask task = job.Progress.Start("scoring", chosen.Users.Length, "users");
        (long users, int start) = (0, 0);
        foreach (TouchedRange range in touched.Ranges())
        {
            timings.Took("reading seen items");
            int end = chosen.EndOf(range, start);
            int[] wanted = range.Since(chosen.Users.AsSpan(start, end - start), options.Since);
            recommendations.Write(wanted, range.Past, task, job.Cancellation);
            usersOfItems?.Add(wanted, range.Seen, job.Cancellation);
            task.Advance(end - start - wanted.Length); // users left out by Score:Since
            (users, start) = (users + wanted.Length, end);
            timings.Took("scoring and writing");
        }

        recommendations.Finish();
        timings.Took("scoring and writing");
        Count("recommendations", recommendations.Rows);
        CountLists(recommendations.SumsOfLists);
        return users;
    }

    // In this process, which sees the files of both, whoever wrote them.
    private void WriteChanges(StageContext context, StageDirectory earlier)
    {
        JobContext job = context.Job;
        var duckDb = new DuckDbOptions
        {
            Threads = settings.Prepare.Threads, MemoryLimit = settings.Prepare.MemoryLimit, SpillDirectory = Path.Combine(job.RunDirectory, "changes.spill"),
        };
        using var engine = new DuckDbEngine(duckDb, job.Cancellation);
        var counts = ChangedLists.Write(
            engine, earlier.File("recommendations"), context.Writer.File("recommendations"), context.Writer.File(ChangedLists.DirectoryName));
        foreach ((string change, long count) in counts) rows[$"changes_{change}"] = count;
        foreach (string list in options.Lists.Select(list => list.Name).Where(list => Directory.Exists(earlier.File($"{Lists}/{list}"))))
        {
            ChangedLists.Write(
                engine, earlier.File($"{Lists}/{list}"), context.Writer.File($"{Lists}/{list}"), context.Writer.File($"{ChangedLists.OfNamed}/{list}"));
        }

        context.Timings.Took("changes");
    }

    // The same in Spark's tasks. Users of a list whom the model does not know have no rows in Spark, so this process writes them.
    private long WriteInTasks(StageContext context, SparkScore score, TrainedModel trained, ChosenUsers chosen, RecommendableItems items)
    {
        (long users, SortedDictionary<string, long> bySource, ListSums[] ofLists) = score.Write(context.Writer, "recommendations", list => $"{Lists}/{list}");
        CountLists(ofLists);
        int[] unknown = options.Since.Length == 0 ? Array.FindAll(chosen.Users, user => user < 0) : [];
        if (unknown.Length > 0)
        {
            using IModelScorer scorer = Scorers.Of(trained.Weights, items.Items);
            using var recommender = new Recommender(trained, scorer, items, options);
            using var recommendations = new RecommendationWriter(context.Writer.File("recommendations/unknown-users.parquet"), trained.Items, chosen,
                recommender, list => context.Writer.File($"{Lists}/{list}/unknown-users.parquet"));
            recommendations.Write(unknown, new UserPast(_ => []), SilentProgress.Instance, context.Job.Cancellation);
            recommendations.Finish();
            CountLists(recommendations.SumsOfLists);
            foreach ((string source, long count) in recommendations.Rows) bySource[source] = bySource.GetValueOrDefault(source) + count;
        }

        Count("recommendations", bySource);
        return users + unknown.Length;
    }

    // Reads again what the tasks read: for lists that this process writes, and for the histories that score pairs.
    private void ReadHere(JobContext job, TouchedReader touched, ChosenUsers chosen, UsersOfItemsWriter? usersOfItems)
    {
        int start = 0;
        foreach (TouchedRange range in touched.Ranges())
        {
            int end = chosen.EndOf(range, start);
            usersOfItems?.Add(range.Since(chosen.Users.AsSpan(start, end - start), options.Since), range.Seen, job.Cancellation);
            start = end;
        }
    }

    private void CountLists(ListSums[] written)
    {
        for (int list = 0; list < written.Length; list++)
        {
            sumsOfLists[list] += written[list];
            rows[$"list_{options.Lists[list].Name}"] = sumsOfLists[list].Rows;
        }
    }

    // What promotions cost in predicted score.
    private void NotePromotions(SortedDictionary<string, string> notes)
    {
        foreach ((ListOptions list, ListSums sums) in options.Lists.Zip(sumsOfLists).Where(one => one.First.Promote.Length > 0 && one.Second.Rows > 0))
        {
            double cost = sums.WithoutPromotion == 0 ? 0 : (sums.WithoutPromotion - sums.Score) / sums.WithoutPromotion;
            notes[$"promotion_{list.Name}"] = string.Create(CultureInfo.InvariantCulture,
                $"List {list.Name}: at least {list.Promoted} promoted items in each list cost {cost:0.00%} of the predicted score (mean of a place "
                + $"{sums.Score / sums.Rows:0.0000}, {sums.WithoutPromotion / sums.Rows:0.0000} without promotion).");
        }
    }

    private void Count(string part, SortedDictionary<string, long> bySource)
    {
        foreach ((string source, long count) in bySource) rows[$"{part}_by_{source}"] = count;
    }
}
