using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// The process within a task of Spark that scores the task's users. Standard input brings, by user and item, a row "user\t-1\t0" for each user and a row
/// "user\titem\ttimestamp" for each item that the user has; standard output takes "user_id\trank\titem_id\tscore\tsource", where there are named lists with
/// "\tbecause\tlist\tpropensity\twithout_promotion" (<see cref="RecommendationLines"/>). Ids that are texts leave in base 64.
/// Example: of the rows 7 -1 0, 7 2 100, 8 -1 0 user 7 is given everything but item 2, and user 8 everything.
/// It uses the fused kernel alone and never loads Torch, reads nothing but the model beside it, and ends by itself when Spark is gone or takes no more.
/// </summary>
public static class ScoreTask
{
    public const string Verb = "score-task";

    /// <param name="word">What is recommended: a <see cref="TaskWord"/> of <see cref="ScoreOptions"/>.</param>
    /// <param name="model">The directory with the model, as the executor was sent it.</param>
    public static ExitCode Run(string word, string model, Stream input, Stream output, TextWriter error)
    {
        ExitCode code;
        try
        {
            using var end = new TaskEnd(output, TimeProvider.System);
            Score(TaskWord.Parse<ScoreOptions>(word, Verb), model, new TaskRows(input), end.Output);
            return ExitCode.Done;
        }
        catch (InvalidInputException fault)
        {
            TaskFailure.Report(fault.Message, error);
            code = ExitCode.InvalidInput;
        }
#pragma warning disable CA1031 // the last resort: every other failure becomes exit code 1, with its stack
        catch (Exception failure)
#pragma warning restore CA1031
        {
            TaskFailure.Report($"{failure.Message} ({failure})", error);
            code = ExitCode.Failed;
        }

        input.CopyTo(Stream.Null); // rows that nobody reads would be the failure that Spark tells of
        TaskFailure.WaitForSpark();
        return code;
    }

    private static void Score(ScoreOptions options, string directory, TaskRows rows, Stream output)
    {
        (TrainedModel model, RecommendableItems items) = TaskModel.Read(directory, options);
        model = options.Told(model);
        using IModelScorer scorer = Scorers.Of(model.Weights, items.Items);
        using var recommender = new Recommender(model, scorer, items, options);
        long? since = options.Since.Length == 0 ? null : TimestampText.Parse(options.Since);
        var lines = new RecommendationLines(model, output, items.HasUserRulesOrLists);
        while (rows.NextUsers(recommender.UsersAtOnce) is { } block)
        {
            int[] users = block.Since(since);
            if (model.Weights.Pools is { } pools) Array.ForEach(users, user => block.SetLatest(pools, user));
            RecommendationRows recommended = recommender.Recommend(users, block.Past);
            if (items.HasUserRulesOrLists) lines.WriteUsers(users);
            lines.Write(recommended);
        }

        output.Flush();
    }
}
