using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Writes the predictions of given pairs, in their order: user_id, item_id, score, prediction (1 where score ≥ Threshold), source. A user
/// without training rows is scored by their history where the model has one. A pair whose user has neither, or whose item was not trained on, gets the
/// share of users who have the item (0 for an unknown item), marked `popularity`.
/// </summary>
/// <param name="model">Ids, and how often each was trained on.</param>
/// <param name="scorer">The model's scores.</param>
/// <param name="options">The threshold.</param>
public sealed class PairWriter(TrainedModel model, IModelScorer scorer, ScoreOptions options)
{
    private const int PairsPerGroup = 65_536;

    /// <summary>Writes the file.</summary>
    /// <param name="path">The Parquet file.</param>
    /// <param name="users">The pairs' user ids, as text.</param>
    /// <param name="items">The pairs' item ids, as text.</param>
    /// <param name="progress">Told of pairs.</param>
    /// <param name="cancellation">Stops between groups.</param>
    /// <returns>Rows by source.</returns>
    public SortedDictionary<string, long> Write(string path, string[] users, string[] items, IProgressReporter progress, CancellationToken cancellation = default)
    {
        Dictionary<string, int> userIndexes = model.Users.IndexByText(), itemIndexes = model.Items.IndexByText();
        bool numericUsers = model.Users.IsNumeric && users.All(id => long.TryParse(id, out _)), numericItems = model.Items.IsNumeric && items.All(id => long.TryParse(id, out _));
        using ParquetFile file = ParquetFile.Create(
            path,
            ("user_id", numericUsers ? typeof(long) : typeof(string)),
            ("item_id", numericItems ? typeof(long) : typeof(string)),
            ("score", typeof(float)),
            ("prediction", typeof(int)),
            ("source", typeof(string)));
        using IProgressTask task = progress.Start("scoring pairs", users.Length, "pairs");
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal) { [Source.Model] = 0, [Source.Popularity] = 0 };
        for (int start = 0; start < users.Length; start += PairsPerGroup)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(PairsPerGroup, users.Length - start);
            string[] groupUsers = users[start..(start + count)], groupItems = items[start..(start + count)];
            int[] userIndex = Array.ConvertAll(groupUsers, id => userIndexes.GetValueOrDefault(id, -1)), itemIndex = Array.ConvertAll(groupItems, id => itemIndexes.GetValueOrDefault(id, -1));
            int[] known = [.. Enumerable.Range(0, count).Where(p => IsKnown(userIndex[p], itemIndex[p]))];

            float[] scores = Array.ConvertAll(itemIndex, item => item < 0 ? 0 : (float)model.Items.Interactions[item] / model.Users.Count);
            float[] modelScores = new float[known.Length];
            scorer.ScorePairs(Array.ConvertAll(known, p => userIndex[p]), Array.ConvertAll(known, p => itemIndex[p]), modelScores);
            string[] sources = new string[count];
            Array.Fill(sources, Source.Popularity);
            for (int k = 0; k < known.Length; k++) (scores[known[k]], sources[known[k]]) = (modelScores[k], Source.Of(model, userIndex[known[k]]));

            file.WriteGroup(Ids(groupUsers, numericUsers), Ids(groupItems, numericItems), scores, Array.ConvertAll(scores, score => score >= options.Threshold ? 1 : 0), sources);
            foreach (string source in sources) rows[source] = rows.GetValueOrDefault(source) + 1;
            task.Advance(count);
        }

        return rows;
    }

    private bool IsKnown(int user, int item) => user >= 0 && item >= 0 && model.Items.Interactions[item] > 0 && Source.Of(model, user) != Source.Popularity;

    private static Array Ids(string[] texts, bool numeric) => numeric ? Array.ConvertAll(texts, long.Parse) : texts;
}
