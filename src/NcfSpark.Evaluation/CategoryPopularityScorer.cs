using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Popularity within the same category, the yardstick of items without interactions: how popular an item is, or, where it is new, items with its features
/// are; times how much of what the user did is of its features.
/// <code>
/// score(u, i) = popularity(i) · Σ_(f in F(i)) share_u(f)      popularity(i) = its training interactions, or if it has none
///                                                              the mean over F(i) of the mean interactions of known items with f
/// share_u(f) = share of f among all features of the user's training items
/// </code>
/// </summary>
public sealed class CategoryPopularityScorer : IScorer
{
    private readonly InteractionLists history, features;
    private readonly int featureCount;
    private readonly float[] popularity_N;

    /// <param name="history">By user the training items.</param>
    /// <param name="features">By item its features.</param>
    public CategoryPopularityScorer(InteractionLists history, InteractionLists features, int[] itemInteractions)
    {
        (this.history, this.features) = (history, features);
        featureCount = features.Items.Length == 0 ? 0 : features.Items.Max() + 1;
        double[] sums = new double[featureCount], counts = new double[featureCount];
        for (int item = 0; item < itemInteractions.Length; item++)
        {
            if (itemInteractions[item] == 0) continue;
            foreach (int feature in features[item])
            {
                sums[feature] += itemInteractions[item];
                counts[feature]++;
            }
        }

        popularity_N = [.. itemInteractions.Select((count, item) => count > 0 || features[item].IsEmpty ? count
            : (float)features[item].ToArray().Average(feature => sums[feature] / Math.Max(1, counts[feature])))];
    }

    public int ItemCount => popularity_N.Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        float[] share_F = new float[featureCount];
        for (int b = 0; b < users_B.Length; b++)
        {
            Array.Clear(share_F);
            int all = 0;
            foreach (int item in history[users_B[b]]) all += features[item].Length;
            foreach (int item in history[users_B[b]])
            {
                foreach (int feature in features[item]) share_F[feature] += 1f / all;
            }

            for (int item = 0; item < ItemCount; item++)
            {
                float share = 0;
                foreach (int feature in features[item]) share += share_F[feature];
                scores_BN[b * ItemCount + item] = popularity_N[item] * share;
            }
        }
    }
}
