using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes the predictions of given pairs, in their order: user_id, item_id, score, prediction (1 where score ≥ Threshold), source. A user
/// without training rows is scored by their history where the model has one. A pair whose user has neither, or whose item was not trained on, gets the
/// share of users who have the item (0 for an unknown item), marked `popularity`. Pairs stream through: memory holds one part of them.
/// </summary>
/// <param name="model">Ids, and how often each was trained on.</param>
/// <param name="scorer">The model's scores, of all items.</param>
/// <param name="options">The threshold, and threads.</param>
public sealed class PairWriter(TrainedModel model, IModelScorer scorer, ScoreOptions options)
{
    private const int PairsPerGroup = 65_536;
    private const int PairsPerTask = 4096;

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
        foreach (string[][] part in pairs.Parts)
        {
            for (int start = 0; start < part[0].Length; start += PairsPerGroup)
            {
                cancellation.ThrowIfCancellationRequested();
                Range group = start..Math.Min(start + PairsPerGroup, part[0].Length);
                (string[] users, string[] items) = (part[0][group], part[1][group]);
                (float[] scores, string[] sources) = Score(users, items, cancellation);
                file.WriteGroup(Ids(users, numericUsers), Ids(items, numericItems), scores, Array.ConvertAll(scores, score => score >= options.Threshold ? 1 : 0), sources);
                foreach (string source in sources) rows[source] = rows.GetValueOrDefault(source) + 1;
                task.Advance(users.Length);
            }
        }

        return rows;
    }

    private (float[] Scores, string[] Sources) Score(string[] users, string[] items, CancellationToken cancellation)
    {
        int[] userIndex = Array.ConvertAll(users, model.Users.Find), itemIndex = Array.ConvertAll(items, model.Items.Find);
        float[] scores = Array.ConvertAll(itemIndex, item => item < 0 ? 0 : (float)model.Items.Interactions[item] / model.Users.Count);
        string[] sources = new string[users.Length];
        Array.Fill(sources, Source.Popularity);
        int[] known = [.. Enumerable.Range(0, users.Length).Where(p => IsKnown(userIndex[p], itemIndex[p]))];
        int[] knownUsers = Array.ConvertAll(known, p => userIndex[p]), knownItems = Array.ConvertAll(known, p => itemIndex[p]);
        float[] modelScores = new float[known.Length];
        Parallel.For(0, (known.Length + PairsPerTask - 1) / PairsPerTask, new ParallelOptions { MaxDegreeOfParallelism = options.ThreadCount, CancellationToken = cancellation }, task =>
        {
            int start = task * PairsPerTask, count = Math.Min(PairsPerTask, known.Length - start);
            scorer.ScorePairs(knownUsers.AsSpan(start, count), knownItems.AsSpan(start, count), modelScores.AsSpan(start, count));
        });
        for (int k = 0; k < known.Length; k++) (scores[known[k]], sources[known[k]]) = (modelScores[k], Source.Of(model, userIndex[known[k]]));
        return (scores, sources);
    }

    private bool IsKnown(int user, int item) => user >= 0 && item >= 0 && model.Items.Interactions[item] > 0 && Source.Of(model, user) != Source.Popularity;

    private static Array Ids(string[] texts, bool numeric) => numeric ? Array.ConvertAll(texts, long.Parse) : texts;
}
