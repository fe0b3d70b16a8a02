using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// The process within a task of Spark that scores the task's users. Standard input brings, by user and item, a row "user\t-1\t0" for each user and a row
/// "user\titem\ttimestamp" for each item that the user has; standard output takes "user_id\trank\titem_id\tscore\tsource". Ids that are texts leave in base 64.
/// Example: of the rows 7 -1 0, 7 2 100, 8 -1 0 user 7 is given everything but item 2, and user 8 everything.
/// It uses the fused kernel alone and never loads Torch, reads nothing but the model beside it, and ends by itself when Spark is gone or takes no more.
/// </summary>
public static class ScoreTask
{
    public const string Verb = "score-task";

    // So much of the standard error is kept by Spark, from the end; it must be there before standard output ends.
    private static readonly TimeSpan ForSparkToRead = TimeSpan.FromMilliseconds(300);

    /// <param name="word">What is recommended: <see cref="ScoreTaskSettings"/>.</param>
    /// <param name="model">The directory with the model, as the executor was sent it.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    public static ExitCode Run(string word, string model, Stream input, Stream output, TextWriter error)
    {
        ExitCode code;
        try
        {
            using var end = new TaskEnd(output, TimeProvider.System);
            Score(ScoreTaskSettings.Parse(word), model, new TaskRows(input), end.Output);
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

    private static void Score(ScoreOptions options, string directory, TaskRows rows, Stream output)
    {
        (TrainedModel model, RecommendableItems items) = TaskModel.Read(directory, options.MaxPerGroup);
        using FusedScorer scorer = Scorers.Of(model.Weights, items.Items);
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
}
