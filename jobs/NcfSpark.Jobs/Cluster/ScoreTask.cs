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
        Thread.Sleep(ForSparkToRead);
        return code;
    }

    private static void Score(ScoreTaskSettings settings, TaskRows rows, Stream output)
    {
        TrainedModel model = Open(settings);
        ModelWeights weights = model.Weights;
        if (weights.Options.HasHistory) weights.Pools = UserPools.Latest(InteractionLists.FromRows(weights.UserCount, [], []), weights.Options.HistoryLength); // what each did last comes with the rows
        using var scorer = new FusedScorer(weights, SimdLevels.FromEnvironment());
        var lists = new RecommendationLists(model, scorer, settings.Score);
        TopLists best = lists.NewLists();
        var writer = new RecommendationLines(model, output);
        while (rows.NextUsers(lists.UsersAtOnce) is { } block)
        {
            if (weights.Pools is { } pools) Fill(pools, block);
            int[] placeOf = lists.FindBest(block.Users, user => settings.Score.ExcludeSeen ? block.ItemsOf(user) : [], best, CancellationToken.None);
            writer.Write(lists.Rows(block.Users, placeOf, best));
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

    private static void Fill(UserPools pools, TaskUsers block)
    {
        InteractionRows rows = block.Rows;
        int[] order = UserPools.InOrder(rows, Enumerable.Range(0, rows.Count));
        var byTime = InteractionLists.FromRows(block.Users.Length, Array.ConvertAll(order, row => block.PlaceOf(rows.Users[row])), Array.ConvertAll(order, row => rows.Items[row]));
        UserPools latest = UserPools.Latest(byTime, pools.Length);
        for (int place = 0; place < block.Users.Length; place++) latest.Items_UK.AsSpan(place * pools.Length, pools.Length).CopyTo(pools.Items_UK.AsSpan(block.Users[place] * pools.Length));
    }
}
