namespace NcfSpark.Kernels;

/// <summary>
/// One thread's buffers for a tile of users. The tile is scored against one block of items after another, so that a
/// block is read once for all users of the tile.
/// </summary>
internal sealed unsafe class ScoreTile : IDisposable
{
    /// <summary>
    /// Users of a tile. With 32, a block of 8 KB (64 dimensions) is read from the shared third-level cache once for
    /// 131,000 multiplications.
    /// </summary>
    public const int Users = 32;

    private readonly AlignedArray<float> floats;
    private readonly float* firsts;
    private readonly int vectorSize, firstWidth;
    private readonly float[] biases_T = new float[Users], vectors_TK;
    private readonly int[] users = new int[Users], placeOfLane = new int[ItemBlock.Items];
    private TopKHeap[] best = [];
    private int[] excludedBefore = [];
    private uint[]?[] allowed = [];
    private bool[] keepsExcluded = [];
    private float[] bounds = [];
    private AlignedArray<ScoredItem> kept = new(0);

    public ScoreTile(ScoreShape shape)
    {
        (vectorSize, firstWidth) = (shape.VectorSize, shape.FirstWidth);
        vectors_TK = new float[Users * vectorSize];
        long groups = WeightGroups.Size(Users, vectorSize), first = (long)Users * firstWidth,
            layer = (long)WeightGroups.PaddedRows(shape.Widths.Append(0).Max()) * ItemBlock.Items;
        const int Lanes = ItemBlock.Items;
        long pair = (long)(vectorSize + firstWidth) * Lanes;
        floats = new(Users * Lanes + 2 * layer + groups + Lanes + first + (Lanes + pair) + pair);
        Logits = floats.Start;
        Even = Logits + Users * Lanes;
        Odd = Even + layer;
        Vectors = Odd + layer;
        Scores = Vectors + groups;
        PairUsers = Scores + Lanes;
        PairItems = PairUsers + Lanes + pair;
        firsts = PairItems + pair;
    }

    /// <summary>Users in the tile.</summary>
    public int Count { get; private set; }

    /// <summary>a_u and u of all users in <see cref="WeightGroups"/>, a row for each user.</summary>
    public float* Vectors { get; }

    /// <summary>The logits of a block: a row of 32 for each user.</summary>
    public float* Logits { get; }

    /// <summary>Outputs of the layers: even and odd layers take turns.</summary>
    public float* Even { get; }

    public float* Odd { get; }

    /// <summary>Scores of a block for one user.</summary>
    public float* Scores { get; }

    /// <summary>How many lists each user gets. List l of the user at place p has the slot l * <see cref="Users"/> + p.</summary>
    public int Lists { get; private set; }

    /// <summary>
    /// For each slot the logit that an item must exceed to be among the best. NaN, which every item passes, while fewer
    /// than K are kept.
    /// </summary>
    public Span<float> Bounds => bounds;

    /// <summary>For 32 pairs in lanes, a_u, then the numbers of u, then those of f_u, a row each.</summary>
    public float* PairUsers { get; }

    /// <summary>For 32 pairs in lanes, the rows of v_i and g_i, as in a block of items.</summary>
    public float* PairItems { get; }

    /// <summary>f_u.</summary>
    public float* First(int place) => firsts + (nint)place * firstWidth;

    public int User(int place) => users[place];

    public ref TopKHeap Best(int slot) => ref best[slot];

    /// <summary>How many of the user's excluded items lie before the current block.</summary>
    public ref int ExcludedBefore(int slot) => ref excludedBefore[slot];

    /// <summary>Which items a slot's list may hold; null for all.</summary>
    public uint[]? Allowed(int slot) => allowed[slot];

    /// <summary>Whether a slot's list may hold what is excluded.</summary>
    public bool KeepsExcluded(int slot) => keepsExcluded[slot / Users];

    /// <summary>Starts a new tile of users.</summary>
    /// <param name="users_T">At most <see cref="Users"/>.</param>
    /// <param name="lists">The lists to keep, for K, limits and rules; none if all scores are written instead.</param>
    /// <param name="items">How many are scored.</param>
    public void Begin(IUserEncoder encoder, ReadOnlySpan<int> users_T, IReadOnlyList<TopLists> lists, int items)
    {
        (Count, Lists) = (users_T.Length, lists.Count);
        users_T.CopyTo(users);
        if (best.Length < Lists * Users)
        {
            best = new TopKHeap[Lists * Users];
            (excludedBefore, allowed, bounds) = (new int[best.Length], new uint[]?[best.Length], new float[best.Length]);
            keepsExcluded = new bool[Lists];
        }

        long size = 0;
        for (int list = 0; list < lists.Count; list++) size += (long)Users * Math.Min(lists[list].K, items); // foreach would make an object for each tile
        if (kept.Length < size)
        {
            kept.Dispose();
            kept = new(size);
        }

        if (Count > 0) encoder.FillAll(users_T, biases_T, vectors_TK.AsSpan(0, Count * vectorSize), new Span<float>(firsts, Count * firstWidth));
        for (int place = 0; place < Count; place++)
        {
            WeightGroups.Set(Vectors, place, biases_T[place], vectors_TK.AsSpan(place * vectorSize, vectorSize));
        }

        ScoredItem* heap = kept.Start;
        for (int list = 0; list < lists.Count; list++)
        {
            int k = Math.Min(lists[list].K, items);
            keepsExcluded[list] = lists[list].KeepsExcluded;
            for (int place = 0; place < Count; place++, heap += k)
            {
                int slot = list * Users + place;
                best[slot] = new TopKHeap(heap, k, lists[list].Limit);
                (excludedBefore[slot], bounds[slot], allowed[slot]) = (0, float.NaN, lists[list].Allowed?.Invoke(users_T[place]));
            }
        }
    }

    /// <summary>
    /// Computes the vectors of the users whose pairs are set next. Replaces the users of <see cref="Begin"/>.
    /// </summary>
    /// <param name="users_T">At most <see cref="Users"/>.</param>
    public void BeginPairsOf(IUserEncoder encoder, ReadOnlySpan<int> users_T)
    {
        encoder.FillAll(users_T, biases_T, vectors_TK.AsSpan(0, users_T.Length * vectorSize), new Span<float>(firsts, users_T.Length * firstWidth));
        placeOfLane.AsSpan().Fill(-1);
    }

    /// <summary>Sets the user of the pair in a lane.</summary>
    /// <param name="place">Position of the user among those of <see cref="BeginPairsOf"/>.</param>
    public void SetPairUser(int lane, int place)
    {
        if (placeOfLane[lane] == place) return; // unchanged since the last 32 pairs, which is common: pairs of a user are adjacent
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
