using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// EASE, the item-item regression in closed form (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", arXiv 1905.03375). With X the users ×
/// items matrix of 0 and 1, P = (XᵀX + λI)⁻¹ and B = I - P diag(1 / diag P), whose diagonal is 0, the scores of a user are the user's row of X B:
/// score(u, i) = [i in H(u)] - Σ P_ji / P_ii over j in H(u).
/// </summary>
/// <remarks>
/// Where there are fewer users than items, the inverse is that of users × users, K = (XXᵀ + λI)⁻¹: x_u P = K_u X, and P_ii = (1 - x_iᵀ K x_i) / λ for a
/// column x_i of X (Woodbury), which gives the same scores. So the cost is the cube of the smaller of the two numbers, and the memory its square.
/// </remarks>
internal sealed class EaseScorer : IItemWeighting
{
    private readonly InteractionLists itemsOfUser, usersOfItem;
    private readonly bool isByUser;
    private readonly float[] inverse_MM; // P, or K where it is by user
    private readonly double[] diagonal_N; // P_ii
    private readonly double regularization;

    /// <param name="train">The training positives by user, in any order. An item that is listed twice counts once.</param>
    /// <param name="regularization">λ, above 0.</param>
    public EaseScorer(InteractionLists train, int itemCount, double regularization, int threads)
    {
        (ItemCount, this.regularization) = (itemCount, regularization);
        itemsOfUser = Distinct(train);
        isByUser = itemsOfUser.UserCount < itemCount;
        int[] users = new int[itemsOfUser.Items.Length];
        for (int user = 0; user < itemsOfUser.UserCount; user++) users.AsSpan((int)itemsOfUser.Offsets[user], itemsOfUser[user].Length).Fill(user);
        usersOfItem = InteractionLists.FromRows(itemCount, itemsOfUser.Items, users);
        (InteractionLists sides, InteractionLists others) = isByUser ? (itemsOfUser, usersOfItem) : (usersOfItem, itemsOfUser);
        int size = sides.UserCount;
        double[] inverse = new double[size * size];
        Parallel.For(0, size, new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount }, side =>
        {
            Span<double> common = inverse.AsSpan(side * size, side + 1);
            foreach (int other in sides[side])
            {
                foreach (int with in others[other])
                {
                    if (with > side) break; // rising
                    common[with]++;
                }
            }

            common[side] += regularization;
        });
        InverseOfPositive.Of(inverse, size, threads);
        diagonal_N = new double[itemCount];
        for (int item = 0; item < itemCount; item++)
        {
            double sum = 0;
            if (!isByUser)
            {
                diagonal_N[item] = inverse[item * size + item];
                continue;
            }

            foreach (int user in usersOfItem[item])
            {
                foreach (int other in usersOfItem[item]) sum += inverse[user * size + other];
            }

            diagonal_N[item] = (1 - sum) / regularization;
        }

        inverse_MM = Array.ConvertAll(inverse, value => (float)value);
    }

    public int ItemCount { get; }

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        for (int b = 0; b < users_B.Length; b++)
        {
            Span<float> scores_N = scores_BN.Slice(b * ItemCount, ItemCount);
            scores_N.Clear();
            if (isByUser) AddByUser(users_B[b], scores_N);
            else AddByItem(users_B[b], scores_N);
            for (int item = 0; item < ItemCount; item++) scores_N[item] = (float)(-scores_N[item] / diagonal_N[item]);
            foreach (int item in itemsOfUser[users_B[b]]) scores_N[item]++;
        }
    }

    // -P_ji / P_ii, where it is by users from P = (I - XᵀKX) / λ.
    public void WeightsOf(int item, Span<double> weights_N)
    {
        weights_N.Clear();
        if (isByUser)
        {
            for (int user = 0; user < itemsOfUser.UserCount; user++)
            {
                double share = 0;
                foreach (int other in usersOfItem[item]) share += inverse_MM[user * itemsOfUser.UserCount + other];
                foreach (int adding in itemsOfUser[user]) weights_N[adding] += share;
            }

            foreach (ref double weight in weights_N) weight /= regularization * diagonal_N[item];
        }
        else
        {
            for (int adding = 0; adding < ItemCount; adding++) weights_N[adding] = -inverse_MM[item * ItemCount + adding] / diagonal_N[item];
        }

        weights_N[item] = 0;
    }

    private void AddByUser(int user, Span<float> scores_N)
    {
        for (int other = 0; other < itemsOfUser.UserCount; other++)
        {
            float share = inverse_MM[user * itemsOfUser.UserCount + other];
            foreach (int item in itemsOfUser[other]) scores_N[item] += share;
        }
    }

    private void AddByItem(int user, Span<float> scores_N)
    {
        Span<Vector256<float>> scores_8 = MemoryMarshal.Cast<float, Vector256<float>>(scores_N);
        foreach (int own in itemsOfUser[user])
        {
            ReadOnlySpan<float> row_N = inverse_MM.AsSpan(own * ItemCount, ItemCount);
            ReadOnlySpan<Vector256<float>> row_8 = MemoryMarshal.Cast<float, Vector256<float>>(row_N);
            for (int i = 0; i < scores_8.Length; i++) scores_8[i] += row_8[i];
            for (int item = scores_8.Length * Vector256<float>.Count; item < ItemCount; item++) scores_N[item] += row_N[item];
        }
    }

    private static InteractionLists Distinct(InteractionLists train)
    {
        var (users, items) = (new List<int>(train.Items.Length), new List<int>(train.Items.Length));
        for (int user = 0; user < train.UserCount; user++)
        {
            foreach (int item in train[user].ToArray().Distinct().Order())
            {
                users.Add(user);
                items.Add(item);
            }
        }

        return InteractionLists.FromRows(train.UserCount, [.. users], [.. items]);
    }
}
