namespace NcfSpark.Kernels;

/// <summary>
/// What one thread holds of the users that it scores: they meet block after block of the items, so that a block is fetched once for all of them.
/// </summary>
internal sealed unsafe class ScoreTile : IDisposable
{
    /// <summary>
    /// Users of a tile. At 64 dimensions a block of 8 KB is then read from the shared third level of the cache for 131,000 multiplications.
    /// </summary>
    public const int Users = 32;

    private readonly AlignedArray<float> floats;
    private readonly float* firsts;
    private readonly int vectorSize, firstWidth;
    private readonly float[] biases_T = new float[Users], vectors_TK;
    private readonly TopKHeap[] best = new TopKHeap[Users];
    private readonly int[] users = new int[Users], excludedBefore = new int[Users], placeOfLane = new int[ItemBlock.Items];
    private AlignedArray<ScoredItem> kept = new(0);

    public ScoreTile(ScoreShape shape)
    {
        (vectorSize, firstWidth) = (shape.VectorSize, shape.FirstWidth);
        vectors_TK = new float[Users * vectorSize];
        long groups = WeightGroups.Size(Users, vectorSize), first = (long)Users * firstWidth, layer = (long)WeightGroups.PaddedRows(shape.Widths.Append(0).Max()) * ItemBlock.Items;
        const int Lanes = ItemBlock.Items;
        long pair = (long)(vectorSize + firstWidth) * Lanes;
        floats = new(Users * Lanes + 2 * layer + groups + Lanes + Users + first + (Lanes + pair) + pair);
        Logits = floats.Start;
        Even = Logits + Users * Lanes;
        Odd = Even + layer;
        Vectors = Odd + layer;
        Scores = Vectors + groups;
        Bounds = Scores + Lanes;
        PairUsers = Bounds + Users;
        PairItems = PairUsers + Lanes + pair;
        firsts = PairItems + pair;
    }

    /// <summary>How many users there are.</summary>
    public int Count { get; private set; }

    /// <summary>a_u and u of all users in <see cref="WeightGroups"/>: as many rows as users.</summary>
    public float* Vectors { get; }

    /// <summary>A row of 32 for each user: the logits of a block.</summary>
    public float* Logits { get; }

    /// <summary>Outputs of the layers, in turns.</summary>
    public float* Even { get; }

    public float* Odd { get; }

    /// <summary>Scores of a block for one user.</summary>
    public float* Scores { get; }

    /// <summary>For each user the logit that an item must exceed to be among the best; NaN, so that every item does, while there are fewer than K.</summary>
    public float* Bounds { get; }

    /// <summary>For 32 pairs in lanes, a_u, then the numbers of u, then those of f_u, a row each.</summary>
    public float* PairUsers { get; }

    /// <summary>For 32 pairs in lanes, the rows of v_i and g_i, as in a block of items.</summary>
    public float* PairItems { get; }

    /// <summary>f_u.</summary>
    public float* First(int place) => firsts + (nint)place * firstWidth;

    public int User(int place) => users[place];

    public ref TopKHeap Best(int place) => ref best[place];

    /// <summary>How many of the user's excluded items lie before the block at hand.</summary>
    public ref int ExcludedBefore(int place) => ref excludedBefore[place];

    /// <summary>Begins with other users.</summary>
    /// <param name="side">Theirs.</param>
    /// <param name="users_T">At most <see cref="Users"/>.</param>
    /// <param name="k">How many best items to keep; 0 where none are.</param>
    /// <param name="limit">How many of a group.</param>
    public void Begin(IUserSide side, ReadOnlySpan<int> users_T, int k, GroupLimit? limit)
    {
        Count = users_T.Length;
        users_T.CopyTo(users);
        if (kept.Length < (long)Users * k)
        {
            kept.Dispose();
            kept = new((long)Users * k);
        }

        if (Count > 0) side.FillAll(users_T, biases_T, vectors_TK.AsSpan(0, Count * vectorSize), new Span<float>(firsts, Count * firstWidth));
        for (int place = 0; place < Count; place++)
        {
            WeightGroups.Set(Vectors, place, biases_T[place], vectors_TK.AsSpan(place * vectorSize, vectorSize));
            best[place] = new TopKHeap(kept.Start + (long)place * k, k, limit);
            excludedBefore[place] = 0;
            Bounds[place] = float.NaN;
        }
    }

    /// <summary>Asks for the users of the pairs that are set next. Ends what <see cref="Begin"/> began.</summary>
    /// <param name="side">Theirs.</param>
    /// <param name="users_T">At most <see cref="Users"/>.</param>
    public void BeginPairsOf(IUserSide side, ReadOnlySpan<int> users_T)
    {
        side.FillAll(users_T, biases_T, vectors_TK.AsSpan(0, users_T.Length * vectorSize), new Span<float>(firsts, users_T.Length * firstWidth));
        placeOfLane.AsSpan().Fill(-1);
    }

    /// <summary>Sets the user of a pair.</summary>
    /// <param name="lane">The pair's.</param>
    /// <param name="place">The user's, among those asked for last.</param>
    public void SetPairUser(int lane, int place)
    {
        if (placeOfLane[lane] == place) return; // as in the 32 pairs before: pairs come user by user
        placeOfLane[lane] = place;
        float* at = PairUsers + lane;
        *at = biases_T[place];
        foreach (float value in vectors_TK.AsSpan(place * vectorSize, vectorSize)) *(at += ItemBlock.Items) = value;
        foreach (float value in new Span<float>(First(place), firstWidth)) *(at += ItemBlock.Items) = value;
    }

    /// <summary>Sets a pair's item.</summary>
    public void SetPairItem(int lane, ReadOnlySpan<float> row)
    {
        float* at = PairItems + lane;
        foreach (float value in row)
        {
            *at = value;
            at += ItemBlock.Items;
        }
    }

    public void Dispose()
    {
        floats.Dispose();
        kept.Dispose();
    }
}
