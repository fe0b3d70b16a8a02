using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes the predictions of given pairs, in their order: user_id, item_id, score, prediction (1 where score ≥ Threshold), source. A user
/// without training rows is scored by their history where the model has one. A pair whose user has neither, or whose item was not trained on, gets the
/// share of users who have the item (0 for an unknown item), marked `popularity`. Pairs stream through: memory holds
/// three batches, one that is read, one that is scored, user by user, and one that is written. Ids are written in the
/// types of the log's.
/// </summary>
/// <param name="model">Ids, and how often each was trained on.</param>
/// <param name="options">The threshold, and threads.</param>
public sealed class PairWriter(TrainedModel model, IModelScorer scorer, ScoreOptions options)
{
    private const int PairsPerGroup = 65_536;
    private const int PairsPerTask = 8192;
    private const int NotScored = -1, Unknown = -2; // a pair's user, where it is not the model that scores it

    /// <summary>Pairs whose user the model does not know, and the first of those users.</summary>
    public (long Count, string? First) UnknownUsers { get; private set; }

    /// <summary>The same for items.</summary>
    public (long Count, string? First) UnknownItems { get; private set; }

    /// <summary>Writes the file.</summary>
    /// <returns>Rows by source.</returns>
    public SortedDictionary<string, long> Write(string path, PairList pairs, IProgressReporter progress, CancellationToken cancellation = default)
    {
        bool numericUsers = model.Users.IsNumeric, numericItems = model.Items.IsNumeric;
        using ParquetFile file = ParquetFile.Create(
            path,
            ("user_id", model.Users.IdType),
            ("item_id", model.Items.IdType),
            ("score", typeof(float)),
            ("prediction", typeof(int)),
            ("source", typeof(string)));
        using IProgressTask task = progress.Start("scoring pairs", pairs.Count, "pairs");
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };
        Task writing = Task.CompletedTask;
        try
        {
            foreach ((Array users, Array items) in new PairBatches(pairs, numericUsers, numericItems).Read())
            {
                (float[] scores, string[] sources) = Score(users, items, cancellation);
                writing.GetAwaiter().GetResult();
                writing = Task.Run(() => WriteBatch(file, rows, users, items, scores, sources), CancellationToken.None);
                task.Advance(users.Length);
            }

            writing.GetAwaiter().GetResult();
        }
        finally
        {
            Task.WaitAny([writing], CancellationToken.None); // whatever happened, nothing writes to a file that is closed
        }

        return rows;
    }

    /// <summary>What there is to say where the model knows less than half of the pairs' users, or items.</summary>
    public IEnumerable<(string Ids, string Remark)> Remarks(string list, long pairs)
    {
        if (UnknownUsers.Count * 2 > pairs)
        {
            yield return ("pairs, users", ListMatch.Of(list, "user", pairs - UnknownUsers.Count, pairs, UnknownUsers.First!, model.Users));
        }

        if (UnknownItems.Count * 2 > pairs)
        {
            yield return ("pairs, items", ListMatch.Of(list, "item", pairs - UnknownItems.Count, pairs, UnknownItems.First!, model.Items));
        }
    }

    private void WriteBatch(ParquetFile file, SortedDictionary<string, long> rows, Array users, Array items, float[] scores, string[] sources)
    {
        for (int start = 0; start < scores.Length; start += PairsPerGroup)
        {
            Range group = start..Math.Min(start + PairsPerGroup, scores.Length);
            file.WriteGroup(Part(users, group), Part(items, group), scores[group],
                Array.ConvertAll(scores[group], score => score >= options.Threshold ? 1 : 0), sources[group]);
        }

        foreach (string source in new[] { Source.Model, Source.Baseline, Source.History, Source.Popularity })
        {
            if (sources.LongCount(one => one == source) is > 0 and long count) rows[source] = rows.GetValueOrDefault(source) + count;
        }
    }

    private (float[] Scores, string[] Sources) Score(Array users, Array items, CancellationToken cancellation)
    {
        float[] scores = new float[users.Length];
        string[] sources = new string[users.Length];
        int[] userIndex = new int[users.Length], itemIndex = new int[users.Length]; // of the model
        void InParallel(int count, Action<int, int> part) => Parallel.For(0, (count + PairsPerTask - 1) / PairsPerTask,
            new ParallelOptions { MaxDegreeOfParallelism = options.ThreadCount, CancellationToken = cancellation }, task =>
            part(task * PairsPerTask, Math.Min((task + 1) * PairsPerTask, count)));

        InParallel(users.Length, (start, end) =>
        {
            for (int pair = start; pair < end; pair++)
            {
                (int user, int item) = (IndexOf(users, pair, model.Users), IndexOf(items, pair, model.Items));
                (sources[pair], float popularity) = Source.OfPair(model, user, item);
                if (sources[pair] == Source.Popularity) (user, scores[pair]) = (user < 0 ? Unknown : NotScored, popularity);

                (userIndex[pair], itemIndex[pair]) = (user, item);
            }
        });
        UnknownUsers = With(UnknownUsers, users, userIndex, Unknown);
        UnknownItems = With(UnknownItems, items, itemIndex, -1);
        int[] order = ByUser(userIndex);
        InParallel(order.Length, (start, end) =>
        {
            int[] pairs = order[start..end];
            float[] modelScores = new float[pairs.Length];
            scorer.ScorePairs(Array.ConvertAll(pairs, pair => userIndex[pair]), Array.ConvertAll(pairs, pair => itemIndex[pair]), modelScores);
            for (int p = 0; p < pairs.Length; p++) scores[pairs[p]] = modelScores[p];
        });
        return (scores, sources);
    }

    private static (long Count, string? First) With((long Count, string? First) before, Array ids, int[] indexes, int unknown) =>
        (before.Count + indexes.LongCount(index => index == unknown),
            before.First ?? (Array.IndexOf(indexes, unknown) is >= 0 and int pair ? $"{ids.GetValue(pair)}" : null));

    // The pairs that have a user, those of each together.
    private int[] ByUser(int[] userIndex)
    {
        int[] scored = [.. Enumerable.Range(0, userIndex.Length).Where(pair => userIndex[pair] >= 0)];
        return InteractionLists.FromRows(model.Users.Count, Array.ConvertAll(scored, pair => userIndex[pair]), scored).Items;
    }

    private static int IndexOf(Array ids, int pair, IdTable table) => ids is long[] numbers ? table.Find(numbers[pair]) : table.Find(((string[])ids)[pair]);

    private static Array Part(Array ids, Range range) => ids is long[] numbers ? numbers[range] : ((string[])ids)[range];
}
