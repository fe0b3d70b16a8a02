using System.Numerics;
using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>
/// Draws items that a user never touched, exactly uniformly and without rejection (design: "Negatives, exact and without rejection").
/// The k-th of the user's sorted items has gap rank g_k = item - k, the number of untouched items below it; the r-th untouched item is
/// r + #{k : g_k ≤ r}. Example, 7 items, touched {1, 3, 4}, so g = {1, 2, 2}: r = 0, 1, 2, 3 name the items 0, 2, 5, 6.
/// </summary>
/// <remarks>
/// Gap ranks never fall, so those that are at most r come first. They are stored in blocks of 16, a cache line, filled up with the largest
/// number, and the last of each block once more beside those of the user's other blocks: counting in the latter finds the block, and counting
/// in the block the rest. That is two places in memory for users of up to 256 items, and no branch that the processor has to guess. From 4,096 items
/// on the lasts are halved until so few are left, so that a draw takes the logarithm of a user's items.
/// Example, in blocks of 2: g = {1, 2, 2} is blocks {1, 2} {2, ∞} and lasts {2, ∞}; for r = 1 no last is ≤ 1, and 1 in block 0, so the item is 2.
/// </remarks>
internal sealed unsafe class NegativeSampler : IDisposable
{
    private const int BlockSize = 16;
    private const int Pad = int.MaxValue; // above every r
    private const int MostCounted = 16 * BlockSize; // lasts, of users of 4,096 items: counting all of them is as quick as halving

    private readonly int itemCount;
    private readonly AlignedArray<UserGaps> users;
    private readonly AlignedArray<int> gaps;
    private readonly AlignedArray<int> lasts;       // each user's are filled up to whole blocks, too

    /// <param name="touched">For each user the distinct items touched in any part, in rising order.</param>
    public NegativeSampler(InteractionLists touched, int itemCount)
    {
        this.itemCount = itemCount;
        users = new(touched.UserCount);
        int gapCount = 0, lastCount = 0;
        for (int user = 0; user < touched.UserCount; user++)
        {
            int count = touched[user].Length, blocks = count / BlockSize + 1; // one more where they end with a block, so that there is one to count in
            users.Start[user] = new UserGaps(count, gapCount, lastCount, lastCount + (blocks + BlockSize - 1) / BlockSize * BlockSize);
            gapCount = checked(gapCount + blocks * BlockSize);
            lastCount = users.Start[user].LastsEnd;
        }

        (gaps, lasts) = (new(gapCount), new(lastCount));
        gaps.Span.Fill(Pad);
        lasts.Span.Fill(Pad);
        for (int user = 0; user < touched.UserCount; user++)
        {
            UserGaps of = users.Start[user];
            ReadOnlySpan<int> items = touched[user];
            for (int k = 0; k < items.Length; k++)
            {
                gaps.Start[of.Start + k] = items[k] - k;
                if (k % BlockSize == BlockSize - 1) lasts.Start[of.Lasts + k / BlockSize] = items[k] - k;
            }
        }
    }

    public void Dispose()
    {
        users.Dispose();
        gaps.Dispose();
        lasts.Dispose();
    }

    /// <summary>How many items the user never touched.</summary>
    public int UntouchedCount(int user) => itemCount - users.Start[user].Touched;

    /// <summary>The <paramref name="r"/>-th (from 0) of the items that the user never touched.</summary>
    public int Untouched(int user, int r) => UntouchedIn(BlockOf(user, r), user, r);

    /// <summary>Asks for what <see cref="UntouchedCount"/> will read.</summary>
    public void PrefetchUser(int user) => Prefetch.Line(users.Start + user);

    /// <summary>Asks for what <see cref="BlockOf"/> will read.</summary>
    public void PrefetchLasts(int user) => Prefetch.Line(lasts.Start + users.Start[user].Lasts);

    /// <summary>Asks for what <see cref="UntouchedIn"/> will read.</summary>
    public void PrefetchBlock(int block, int user) => Prefetch.Line(Block(block, user));

    /// <summary>The first of the user's blocks whose last gap rank is above <paramref name="r"/>, from 0.</summary>
    public int BlockOf(int user, int r)
    {
        (int start, int end) = Counted(user, r);
        int count = start - users.Start[user].Lasts; // all before are at most r
        for (; start < end; start += BlockSize) count += AtMost(lasts.Start + start, r);
        return count;
    }

    /// <summary>Where the lasts are that are counted: all of the user's, or of many those among which the first above <paramref name="r"/> is.</summary>
    internal (int Start, int End) Counted(int user, int r)
    {
        (int start, int end) = (users.Start[user].Lasts, users.Start[user].LastsEnd);
        while (end - start > MostCounted)
        {
            int middle = start + (end - start) / 2 / BlockSize * BlockSize;
            if (lasts.Start[middle - 1] <= r) start = middle;
            else end = middle;
        }

        return (start, end);
    }

    /// <summary>The <paramref name="r"/>-th untouched item, given its block.</summary>
    public int UntouchedIn(int block, int user, int r) => r + block * BlockSize + AtMost(Block(block, user), r);

    private int* Block(int block, int user) => gaps.Start + users.Start[user].Start + block * BlockSize;

    // How many of the block are at most r.
    private static int AtMost(int* block, int r)
    {
        var bound = new Vector<int>(r);
        Vector<int> count = Vector<int>.Zero;
        for (int k = 0; k < BlockSize; k += Vector<int>.Count) count -= Vector.LessThanOrEqual(Vector.Load(block + k), bound);
        return Vector.Sum(count);
    }

    /// <summary>Where a user's are.</summary>
    /// <param name="Touched">How many items the user touched.</param>
    /// <param name="Start">The first gap rank.</param>
    /// <param name="Lasts">The first of the lasts.</param>
    /// <param name="LastsEnd">The place after the last of them.</param>
    private readonly record struct UserGaps(int Touched, int Start, int Lasts, int LastsEnd);
}
