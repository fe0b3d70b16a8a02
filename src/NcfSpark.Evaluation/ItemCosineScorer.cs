using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The item-item baseline: items are alike that the same users have. With U_i the users of item i and H(u) the items of user u,
/// sim(i, j) = |U_i ∩ U_j| / √(|U_i| |U_j|), the cosine of their 0/1 columns, and score(u, i) = Σ sim(i, j) over j in H(u) other than i.
/// All items are neighbours of all. A user without history, and an item without users, score 0. With weights, sim(i, j) counts w(u, j) times: by
/// recency, w(u, j) = e^(-(k - 1) / decay) for the k-th latest item of the user, as Model:History:Decay has it.
/// </summary>
/// <remarks>
/// Exact, without the items × items matrix. Turned around, score(u, i) = 1/√|U_i| · Σ s_v over v in U_i, where s_v = Σ w(u, j)/√|U_j| over j in
/// H(u) ∩ H(v) says how much of u's history v shares; where i is in H(u) its own term w(u, i)/√|U_i| is taken off each s_v.
/// Sixteen users are scored at once, so one walk over the log serves them all and each step is four vector additions. A user's sums run
/// in the same order whoever is beside them, so a batch gives the same bits as one by one.
/// Sarwar et al. 2001, "Item-based collaborative filtering recommendation algorithms"; Deshpande and Karypis 2004,
/// "Item-based top-N recommendation algorithms".
/// </remarks>
public sealed class ItemCosineScorer : IItemWeighting
{
    private const int Lanes = 16; // users scored at once: four vectors of four doubles, and W stays small enough for the cache
    private readonly InteractionLists history;
    private readonly InteractionLists usersOfItem;
    private readonly double[] inverseRoot_N; // 1/√|U_i|, 0 where nobody has the item
    private readonly double[]? weights; // w, laid out as history.Items; null where all are 1

    /// <param name="train">The training positives by user, in any order. An item that is listed twice counts once, by its largest weight.</param>
    /// <param name="weights">Weights above 0, laid out as <c>train.Items</c>; null: all are 1.</param>
    public ItemCosineScorer(InteractionLists train, int itemCount, double[]? weights = null)
    {
        ItemCount = itemCount;
        (history, this.weights) = train.Distinct(weights);
        usersOfItem = history.Transposed(itemCount);
        inverseRoot_N = new double[itemCount];
        for (int item = 0; item < itemCount; item++)
        {
            int count = usersOfItem[item].Length;
            inverseRoot_N[item] = count == 0 ? 0 : 1 / Math.Sqrt(count);
        }
    }

    public int ItemCount { get; }

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        double[] shared_V = ArrayPool<double>.Shared.Rent(history.UserCount), shared_VL = ArrayPool<double>.Shared.Rent(history.UserCount * Lanes);
        for (int first = 0; first < users_B.Length; first += Lanes)
        {
            ReadOnlySpan<int> users_L = users_B.Slice(first, Math.Min(Lanes, users_B.Length - first));
            for (int lane = 0; lane < users_L.Length; lane++) Share(users_L[lane], lane, shared_V.AsSpan(0, history.UserCount), shared_VL);
            Score(users_L, shared_VL.AsSpan(0, history.UserCount * Lanes), scores_BN.Slice(first * ItemCount, users_L.Length * ItemCount));
        }

        ArrayPool<double>.Shared.Return(shared_V);
        ArrayPool<double>.Shared.Return(shared_VL);
    }

    public void WeightsOf(int item, Span<double> weights_N)
    {
        weights_N.Clear();
        foreach (int user in usersOfItem[item])
        {
            foreach (int adding in history[user]) weights_N[adding] += inverseRoot_N[adding];
        }

        foreach (ref double weight in weights_N) weight *= inverseRoot_N[item];
        weights_N[item] = 0;
    }

    // s_v for one user: summed side by side, where scattered additions stay in the cache, then laid into the user's lane.
    private void Share(int user, int lane, Span<double> shared_V, Span<double> shared_VL)
    {
        shared_V.Clear();
        for (long place = history.Offsets[user]; place < history.Offsets[user + 1]; place++)
        {
            int item = history.Items[place];
            double share = ShareOf(place);
            foreach (int other in usersOfItem[item]) shared_V[other] += share;
        }

        for (int other = 0; other < shared_V.Length; other++) shared_VL[other * Lanes + lane] = shared_V[other];
    }

    // Lanes without a user hold what was there before; their sums are not read.
    private void Score(ReadOnlySpan<int> users_L, ReadOnlySpan<double> shared_VL, Span<float> scores_LN)
    {
        ReadOnlySpan<Vector256<double>> shared_V4 = MemoryMarshal.Cast<double, Vector256<double>>(shared_VL);
        Span<double> sums_L = stackalloc double[Lanes];
        for (int item = 0; item < ItemCount; item++)
        {
            (Vector256<double> a, Vector256<double> b, Vector256<double> c, Vector256<double> d) =
                default((Vector256<double>, Vector256<double>, Vector256<double>, Vector256<double>));
            foreach (int user in usersOfItem[item])
            {
                ReadOnlySpan<Vector256<double>> row = shared_V4.Slice(user * 4, 4);
                a += row[0];
                b += row[1];
                c += row[2];
                d += row[3];
            }

            a.CopyTo(sums_L);
            b.CopyTo(sums_L[4..]);
            c.CopyTo(sums_L[8..]);
            d.CopyTo(sums_L[12..]);
            for (int lane = 0; lane < users_L.Length; lane++) scores_LN[lane * ItemCount + item] = (float)(sums_L[lane] * inverseRoot_N[item]);
        }

        for (int lane = 0; lane < users_L.Length; lane++)
        {
            for (long place = history.Offsets[users_L[lane]]; place < history.Offsets[users_L[lane] + 1]; place++)
            {
                scores_LN[lane * ItemCount + history.Items[place]] = (float)ScoreOfOwn(place, lane, shared_VL);
            }
        }
    }

    // An item of the user's own: its own term leaves each s_v before the sum, so what is exactly 0 comes out as 0 and not as a rounding error.
    private double ScoreOfOwn(long place, int lane, ReadOnlySpan<double> shared_VL)
    {
        double sum = 0, own = ShareOf(place);
        foreach (int user in usersOfItem[history.Items[place]]) sum += shared_VL[user * Lanes + lane] - own;
        return sum * inverseRoot_N[history.Items[place]];
    }

    private double ShareOf(long place) => weights is null ? inverseRoot_N[history.Items[place]] : weights[place] * inverseRoot_N[history.Items[place]];
}
