using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Jobs.Cluster;

/// <summary>
/// The process within a task of Spark that scores the task's users. Standard input brings, by user and item, a row "user\t-1\t0" for each user and a row
/// "user\titem\ttimestamp" for each item that the user has; standard output takes "user_id\trank\titem_id\tscore\tsource". Ids that are texts leave in base 64.
/// Example: of the rows 7 -1 0, 7 2 100, 8 -1 0 user 7 is given everything but item 2, and user 8 everything.
/// It uses the fused kernel alone and never loads Torch, and ends by itself when Spark or the driver is gone.
/// </summary>
internal static class ScoreTask
{
    public const string Verb = "score-task";

    // So much of the standard error is kept by Spark, from the end; it must be there before standard output ends.
    private static readonly TimeSpan ForSparkToRead = TimeSpan.FromMilliseconds(300);

    public static ExitCode Run(string word, Stream input, Stream output, TextWriter error)
    {
        ExitCode code;
        try
        {
            ScoreTaskSettings settings = ScoreTaskSettings.Parse(word);
            using var driver = DriverWatch.Start(settings.Heartbeat, TimeProvider.System);
            Score(settings, new TaskRows(input), output);
            return ExitCode.Done;
        }
        catch (InvalidInputException fault)
        {
            error.WriteLine(TaskFailure.Marked(fault.Message));
            code = ExitCode.InvalidInput;
        }
#pragma warning disable CA1031 // the last resort: every other failure becomes exit code 1, with its stack
        catch (Exception failure)
#pragma warning restore CA1031
        {
            error.WriteLine(TaskFailure.Marked($"{failure.Message} ({failure})"));
            code = ExitCode.Failed;
        }

        error.Flush();
        input.CopyTo(Stream.Null); // rows that nobody reads would be the failure that Spark tells of
        Thread.Sleep(ForSparkToRead);
        return code;
    }

    private static void Score(ScoreTaskSettings settings, TaskRows rows, Stream output)
    {
        TrainedModel model = Open(settings);
        ScoreOptions options = settings.Score;
        RecommendableItems items = settings.Items.Length == 0 ? RecommendableItems.All(model.Items) : ItemFile.Read(settings.Items, model.Items.Count, options.MaxPerGroup);
        using var scorer = new FusedScorer(model.Weights, SimdLevels.FromEnvironment(), items.Items);
        var recommender = new Recommender(model, scorer, items, options);
        long? since = options.Since.Length == 0 ? null : Scoring.Moment.Parse(options.Since);
        var lines = new RecommendationLines(model, output);
        while (rows.NextUsers(recommender.UsersAtOnce) is { } block)
        {
            int[] users = block.Since(since);
            if (model.Weights.Pools is { } pools) Array.ForEach(users, user => pools.SetLatest(user, block.ItemsOf(user), block.TimestampsOf(user)));
            lines.Write(recommender.Recommend(users, block.ItemsOf));
        }

        output.Flush();
    }

    private static TrainedModel Open(ScoreTaskSettings settings)
    {
        if (!Directory.Exists(settings.RunDirectory))
        {
            throw new InvalidInputException($"The executor on {Environment.MachineName} does not see the run directory {settings.RunDirectory}. Put it on storage that the executors share with this machine, at the same path, or set Spark:Score to driver.");
        }

        StageDirectory directory = StageDirectory.Open(settings.RunDirectory, TrainedModel.StageName);
        return directory.Manifest.Fingerprint == settings.Model
            ? TrainedModel.Read(directory)
            : throw new InvalidInputException($"{directory.Path} as {Environment.MachineName} sees it is another model than the one to score with.");
    }
}
