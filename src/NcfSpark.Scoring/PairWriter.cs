using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes the predictions of given pairs, in their order: user_id, item_id, score, prediction (1 where score ≥ Threshold), source. A user
/// without training rows is scored by their history where the model has one. A pair whose user has neither, or whose item was not trained on, gets the
/// share of users who have the item (0 for an unknown item), marked `popularity`. Pairs stream through: memory holds three batches, one that is read, one that is
/// scored, user by user, and one that is written.
/// </summary>
/// <param name="model">Ids, and how often each was trained on.</param>
/// <param name="scorer">The model's scores, of all items.</param>
/// <param name="options">The threshold, and threads.</param>
public sealed class PairWriter(TrainedModel model, IModelScorer scorer, ScoreOptions options)
{
    private const int PairsPerGroup = 65_536;
    private const int PairsPerTask = 8192;

    /// <summary>Writes the file.</summary>
    /// <returns>Rows by source.</returns>
    public SortedDictionary<string, long> Write(string path, PairList pairs, IProgressReporter progress, CancellationToken cancellation = default)
    {
        bool numericUsers = model.Users.IsNumeric && pairs.NumericUsers, numericItems = model.Items.IsNumeric && pairs.NumericItems;
        using ParquetFile file = ParquetFile.Create(
            path,
            ("user_id", numericUsers ? typeof(long) : typeof(string)),
            ("item_id", numericItems ? typeof(long) : typeof(string)),
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

    private void WriteBatch(ParquetFile file, SortedDictionary<string, long> rows, Array users, Array items, float[] scores, string[] sources)
    {
        for (int start = 0; start < scores.Length; start += PairsPerGroup)
        {
            Range group = start..Math.Min(start + PairsPerGroup, scores.Length);
            file.WriteGroup(Part(users, group), Part(items, group), scores[group], Array.ConvertAll(scores[group], score => score >= options.Threshold ? 1 : 0), sources[group]);
        }

        foreach (string source in new[] { Source.Model, Source.History, Source.Popularity })
        {
            if (sources.LongCount(one => one == source) is > 0 and long count) rows[source] = rows.GetValueOrDefault(source) + count;
        }
    }

    private (float[] Scores, string[] Sources) Score(Array users, Array items, CancellationToken cancellation)
    {
        float[] scores = new float[users.Length];
        string[] sources = new string[users.Length];
        int[] userIndex = new int[users.Length], itemIndex = new int[users.Length]; // of the model; a user below 0 where it is not the model that scores the pair
        void InParallel(int count, Action<int, int> part) => Parallel.For(0, (count + PairsPerTask - 1) / PairsPerTask, new ParallelOptions { MaxDegreeOfParallelism = options.ThreadCount, CancellationToken = cancellation }, task =>
            part(task * PairsPerTask, Math.Min((task + 1) * PairsPerTask, count)));

        InParallel(users.Length, (start, end) =>
        {
            for (int pair = start; pair < end; pair++)
            {
                (int user, int item) = (IndexOf(users, pair, model.Users), IndexOf(items, pair, model.Items));
                bool trained = item >= 0 && model.Items.Interactions[item] > 0;
                sources[pair] = trained ? Source.Of(model, user) : Source.Popularity;
                if (sources[pair] == Source.Popularity) (user, scores[pair]) = (-1, item < 0 ? 0 : (float)model.Items.Interactions[item] / model.Users.Count);
                (userIndex[pair], itemIndex[pair]) = (user, item);
            }
        });
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

    // The pairs that have a user, those of each together.
    private int[] ByUser(int[] userIndex)
    {
        int[] scored = [.. Enumerable.Range(0, userIndex.Length).Where(pair => userIndex[pair] >= 0)];
        return InteractionLists.FromRows(model.Users.Count, Array.ConvertAll(scored, pair => userIndex[pair]), scored).Items;
    }

    private static int IndexOf(Array ids, int pair, IdTable table) => ids is long[] numbers ? table.Find(numbers[pair]) : table.Find(((string[])ids)[pair]);

    private static Array Part(Array ids, Range range) => ids is long[] numbers ? numbers[range] : ((string[])ids)[range];
}
