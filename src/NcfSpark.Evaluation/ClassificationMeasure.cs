using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Telling used items from unused ones, as the AWS sample measures it: the held-out rows are positives, and each brings some of its
/// candidates as negatives. Accuracy is the share of pairs on the right side of the threshold (1 from it on); log loss the mean of
/// -ln(probability of what is true), probabilities kept <see cref="Epsilon"/> away from 0 and 1; both NaN counts as wrong as can be.
/// These two need scores that are probabilities; AUC takes any.
/// </summary>
public sealed class ClassificationMeasure : IMeasure
{
    /// <summary>Keras's epsilon, about the distance from 1 to the next float below.</summary>
    public const double Epsilon = 1e-7;

    private readonly InteractionRows test;
    private readonly InteractionLists negativesOfRow;
    private readonly InteractionLists rowsOfUser;
    private readonly double threshold;
    private readonly int itemCount;
    private readonly int[] users_P;

    // Written by all threads, each at its own users' rows.
    private readonly float[] positives_R;
    private readonly float[] negatives_S; // laid out as negativesOfRow.Items

    /// <param name="negativesOfRow">Their negatives, by row; rows without any are left out. See <see cref="DrawNegatives"/>.</param>
    /// <param name="threshold">From which score on a pair counts as predicted used.</param>
    public ClassificationMeasure(InteractionRows test, InteractionLists negativesOfRow, double threshold, int userCount, int itemCount)
    {
        (this.test, this.negativesOfRow, this.threshold, this.itemCount) = (test, negativesOfRow, threshold, itemCount);
        int[] rows = [.. Enumerable.Range(0, test.Count).Where(row => negativesOfRow[row].Length > 0)];
        rowsOfUser = InteractionLists.FromRows(userCount, Array.ConvertAll(rows, row => test.Users[row]), rows);
        users_P = [.. Enumerable.Range(0, userCount).Where(user => rowsOfUser[user].Length > 0)];
        positives_R = new float[test.Count];
        negatives_S = new float[negativesOfRow.Items.Length];
        PositiveCount = rows.Length;
    }

    public int PositiveCount { get; }

    public int NegativeCount => negatives_S.Length;

    public ReadOnlySpan<int> Users => users_P;

    public void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN)
    {
        for (int b = 0; b < users_B.Length; b++)
        {
            ReadOnlySpan<float> scores_N = scores_BN.Slice(b * itemCount, itemCount);
            foreach (int row in rowsOfUser[users_B[b]])
            {
                positives_R[row] = scores_N[test.Items[row]];
                for (long s = negativesOfRow.Offsets[row]; s < negativesOfRow.Offsets[row + 1]; s++) negatives_S[s] = scores_N[negativesOfRow.Items[s]];
            }
        }
    }

    public AreaUnderCurve Area()
    {
        var (positives, positivePlaces, negativePlaces) = (new List<float>(), new List<int>(), new int[negatives_S.Length]);
        for (int place = 0; place < users_P.Length; place++)
        {
            foreach (int row in rowsOfUser[users_P[place]])
            {
                positives.Add(positives_R[row]);
                positivePlaces.Add(place);
                negativePlaces.AsSpan((int)negativesOfRow.Offsets[row], negativesOfRow[row].Length).Fill(place);
            }
        }

        return AreaUnderCurve.Of([.. positives], [.. positivePlaces], negatives_S, negativePlaces, users_P.Length);
    }

    /// <summary>Accuracy and log loss, over pairs, where scores are probabilities.</summary>
    public (PerUserMetric Accuracy, PerUserMetric LogLoss) OfProbabilities()
    {
        var (right, loss, pairs) = (new double[users_P.Length], new double[users_P.Length], new double[users_P.Length]);
        for (int place = 0; place < users_P.Length; place++)
        {
            foreach (int row in rowsOfUser[users_P[place]])
            {
                Add(place, positives_R[row] >= threshold, positives_R[row]);
                for (long s = negativesOfRow.Offsets[row]; s < negativesOfRow.Offsets[row + 1]; s++)
                {
                    Add(place, negatives_S[s] < threshold, 1 - (double)negatives_S[s]);
                }
            }
        }

        return (new PerUserMetric("accuracy", right, pairs), new PerUserMetric("log_loss", loss, pairs));

        void Add(int place, bool isRight, double probabilityOfTruth)
        {
            right[place] += isRight ? 1 : 0;
            loss[place] -= Math.Log(double.IsNaN(probabilityOfTruth) ? Epsilon : Math.Clamp(probabilityOfTruth, Epsilon, 1 - Epsilon));
            pairs[place]++;
        }
    }

    /// <summary>
    /// Draws by hash which of each row's candidates serve as its negatives. A prefix of the list would not do: it is in
    /// item order, so its first are the most popular.
    /// </summary>
    public static InteractionLists DrawNegatives(InteractionRows test, InteractionLists candidates, int most, RandomStream stream)
    {
        var (rows, items) = (new List<int>(), new List<int>());
        for (int row = 0; row < test.Count; row++)
        {
            int[] among = candidates[row].ToArray();
            RandomStream ofRow = RandomStream.Named((long)stream.Key, "row", test.Users[row], test.Items[row]);
            ulong[] keys = Array.ConvertAll(among, item => ofRow.Bits(item));
            Array.Sort(keys, among);
            foreach (int item in among.AsSpan(0, Math.Min(most, among.Length)))
            {
                rows.Add(row);
                items.Add(item);
            }
        }

        return InteractionLists.FromRows(test.Count, [.. rows], [.. items]);
    }
}
