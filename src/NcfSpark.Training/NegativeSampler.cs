using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>
/// Draws items that a user never touched, exactly uniformly and without rejection (design: "Negatives, exact and without rejection").
/// The k-th of the user's sorted items has gap rank g_k = item - k, the number of untouched items below it; the r-th untouched item is
/// r + #{k : g_k ≤ r}. Example, 7 items, touched {1, 3, 4}, so g = {1, 2, 2}: r = 0, 1, 2, 3 name the items 0, 2, 5, 6.
/// </summary>
/// <param name="touched">For each user the distinct items touched in any part, in rising order.</param>
/// <param name="itemCount">How many items there are.</param>
internal sealed class NegativeSampler(InteractionLists touched, int itemCount)
{
    /// <summary>How many items the user never touched.</summary>
    public int UntouchedCount(int user) => itemCount - touched[user].Length;

    /// <summary>The <paramref name="r"/>-th (from 0) of the items that the user never touched.</summary>
    public int Untouched(int user, int r)
    {
        ReadOnlySpan<int> items = touched[user];
        // How many gap ranks are at most r: they never fall, so halve. Which half is as good as random, so it is chosen by arithmetic, not by
        // a branch that the processor would guess wrongly every other time: (rank - r - 1) >> 31 is all ones where rank ≤ r.
        int below = 0;
        for (int left = items.Length; left > 0;)
        {
            int half = (left + 1) >> 1, last = below + half - 1;
            below += half & ((items[last] - last - r - 1) >> 31);
            left -= half;
        }

        return r + below;
    }
}
