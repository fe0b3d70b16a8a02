using System.Collections.Concurrent;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Fills Score:Lists. Lists that go by the model's score are kept in the pass that scores the recommendations, each as large as it could be needed: its own
/// size and that of all before it, whose items it leaves out. The others need no pass. Any number of threads may call it at once.
/// </summary>
internal sealed class NamedLists : IDisposable
{
    /// <summary>How many of the items most similar to one a list "because" draws on.</summary>
    public const int Neighbours = 100;

    private const int MostKept = 200_000; // items whose neighbours are kept: 160 MB

    private readonly RecommendableItems items;
    private readonly int topK;
    private readonly int[][] trends; // places by falling weight
    private readonly Lazy<ItemEmbeddings> similar;
    private readonly Lazy<int> similarCount;
    private readonly ConcurrentDictionary<int, (int[] Items, float[] Cosines)> neighbours = new();
    private readonly TrainedModel model;

    public NamedLists(TrainedModel model, RecommendableItems items, int topK)
    {
        (this.model, this.items, this.topK) = (model, items, topK);
        trends = [.. items.Lists.Select(list => list.Trending is null ? [] : ByFallingWeight(list.Trending))];
        int[] Trained() => Array.FindAll(items.Items, item => model.Items.Interactions[item] > 0);
        similarCount = new(() => Trained().Length);
        similar = new(() => new ItemEmbeddings(model.Weights, Trained(), SimdLevels.FromEnvironment()));
    }

    public int Count => items.Lists.Count;

    /// <summary>The rows of all pools of a user.</summary>
    public int Kept => Pools(0, new UserPast(_ => []), null).Sum(pool => pool?.K ?? 0);

    /// <summary>What the scorer is asked to keep for each list, and then of promoted items for each; null where it is asked for nothing.</summary>
    /// <param name="users">How many there are.</param>
    /// <param name="past">What <see cref="ListKind.Again"/> chooses from.</param>
    /// <param name="sizes">Other sizes than the settings' for lists that have one; null for none.</param>
    public TopLists?[] Pools(int users, UserPast past, int?[]? sizes)
    {
        var pools = new TopLists?[2 * Count];
        for (int list = 0, before = topK; list < Count; before += SizeOf(list++, sizes))
        {
            NamedList own = items.Lists[list];
            int taken = own.Options.Repeats ? 0 : before;
            pools[list] = Pool(CandidatesOf(list, sizes) + taken, own.Marks);
            if (own.Promoted is not null) pools[Count + list] = Pool(Math.Min(own.Options.Promoted, SizeOf(list, sizes)) + taken, own.Promoted);

            TopLists? Pool(int wanted, ItemMarks? marks)
            {
                int k = Math.Clamp(wanted, 1, Math.Max(1, items.Items.Length));
                return own.Options.By switch
                {
                    ListKind.Model => new TopLists(users, k) { Allowed = marks is null ? null : marks.Of },
                    ListKind.Again => new TopLists(users, k) { Allowed = user => UsedMarks(user, marks, past), KeepsExcluded = true },
                    _ => null,
                };
            }
        }

        return pools;
    }

    /// <summary>A user's lists, one after the other.</summary>
    /// <param name="main">Their recommendations.</param>
    /// <param name="place">Where their lists stand in <paramref name="pools"/>.</param>
    /// <param name="excluded">What recommendations leave out.</param>
    /// <param name="source">What the model's lists rest on.</param>
    public UserList[] Of(
        int user, ReadOnlySpan<int> main, TopLists?[] pools, int place, ReadOnlySpan<int> excluded, UserPast past, string source, int?[]? sizes)
    {
        var taken = new HashSet<int>(main.ToArray());
        var lists = new UserList[Count];
        for (int list = 0; list < Count; list++)
        {
            NamedList own = items.Lists[list];
            int most = SizeOf(list, sizes);
            HashSet<int> left = own.Options.Repeats ? [] : taken;
            UserList made = Best(list, CandidatesOf(list, sizes), own.Marks, pools[list], place, user, excluded, past, left, source);
            if (own.Options.IsRuled)
            {
                UserList promoted = own.Promoted is null ? new UserList(0, made.Source, made.Because) : Best(list, Math.Min(own.Options.Promoted, most),
                    own.Promoted, pools[Count + list], place, user, excluded, past, left, source);
                made = Ruled(own, most, user, made, promoted);
            }

            lists[list] = made;
            taken.UnionWith(made.Items);
        }

        return lists;
    }

    // The best items that a list may hold.
    private UserList Best(int list, int most, ItemMarks? marks, TopLists? pool, int place, int user, ReadOnlySpan<int> excluded, UserPast past,
        HashSet<int> taken, string source) => items.Lists[list].Options.By switch
    {
        ListKind.Trending => Trending(list, most, user, marks, excluded, taken),
        ListKind.Because => Because(most, user, user >= 0 ? past.Latest(user) : -1, marks, excluded, taken),
        _ => OfPool(most, pool!, place, taken, source),
    };

    // What the list's rules make of its best items, and what promotion takes from its score.
    private UserList Ruled(NamedList own, int most, int user, UserList best, UserList promoted)
    {
        int PlaceOf(int item) => Array.BinarySearch(items.Items, item);
        var candidates = best.Items.Zip(best.Scores).ToList();
        candidates.AddRange(promoted.Items.Zip(promoted.Scores).Where(one => !best.Items.Contains(one.First)));
        (int Item, float Score)[] all = [.. candidates];
        bool[] isPromoted = Array.ConvertAll(all, one => own.Promoted?.Has(user, PlaceOf(one.Item)) ?? false);
        int[][] values = Array.ConvertAll(all, one => own.Values is { } ofItem ? ofItem[PlaceOf(one.Item)] : []);
        RandomStream stream = RandomStream.Named(own.Options.Seed, $"explore/{own.Options.Name}", user);
        List<(int Candidate, float Propensity)> Choose((int, float)[] among, int owed) =>
            ListRules.Choose(own.Options, most, among, isPromoted, owed, values, place => stream.Unit(place));
        var made = new UserList(most, best.Source, best.Because);
        foreach ((int candidate, float propensity) in Choose(all, own.Promoted is null ? 0 : own.Options.Promoted))
        {
            made.Add(all[candidate].Item, all[candidate].Score, propensity);
        }

        if (own.Promoted is not null) made.WithoutPromotion = Choose(all[..best.Items.Count], 0).Sum(one => (double)all[one.Candidate].Score);
        return made;
    }

    public void Dispose()
    {
        if (similar.IsValueCreated) similar.Value.Dispose();
    }

    // The largest number of items of a list.
    private int SizeOf(int list, int?[]? sizes) => Math.Min(sizes?[list] ?? items.Lists[list].Options.TopK ?? topK, items.Items.Length);

    // From how many of the best items it is chosen.
    private int CandidatesOf(int list, int?[]? sizes) => items.Lists[list].Options is { IsRuled: true } ruled
        ? Math.Max(SizeOf(list, sizes), ruled.Pool)
        : SizeOf(list, sizes);

    private static UserList OfPool(int most, TopLists pool, int place, HashSet<int> taken, string source)
    {
        ReadOnlySpan<int> kept = pool.Items(place);
        var made = new UserList(most, source, -1);
        for (int n = 0; n < kept.Length && !made.IsFull; n++)
        {
            if (!taken.Contains(kept[n])) made.Add(kept[n], pool.Scores(place)[n]);
        }

        return made;
    }

    private UserList Trending(int list, int most, int user, ItemMarks? marks, ReadOnlySpan<int> excluded, HashSet<int> taken)
    {
        var made = new UserList(most, Source.Trending, -1);
        foreach (int place in trends[list])
        {
            if (made.IsFull) break;
            int item = items.Items[place];
            if (marks?.Has(user, place) == false || excluded.BinarySearch(item) >= 0 || taken.Contains(item)) continue;
            made.Add(item, items.Lists[list].Trending![place]);
        }

        return made;
    }

    private UserList Because(int most, int user, int because, ItemMarks? marks, ReadOnlySpan<int> excluded, HashSet<int> taken)
    {
        var made = new UserList(most, Source.Similar, because);
        if (because < 0 || model.Items.Interactions[because] == 0) return made;
        (int[] near, float[] cosines) = NeighboursOf(because);
        for (int n = 0; n < near.Length && !made.IsFull; n++)
        {
            if (excluded.BinarySearch(near[n]) >= 0 || taken.Contains(near[n])) continue;
            if (marks?.Has(user, Array.BinarySearch(items.Items, near[n])) == false) continue;
            made.Add(near[n], cosines[n]);
        }

        return made;
    }

    private (int[] Items, float[] Cosines) NeighboursOf(int item)
    {
        if (neighbours.TryGetValue(item, out (int[], float[]) known)) return known;
        var best = new TopLists(1, Math.Clamp(Neighbours, 1, Math.Max(1, similarCount.Value)));
        if (similarCount.Value > 0) similar.Value.FindBest(new[] { item }, best, threads: 1);
        (int[], float[]) found = (best.Items(0).ToArray(), best.Scores(0).ToArray());
        return neighbours.Count < MostKept ? neighbours.GetOrAdd(item, found) : found;
    }

    private uint[] UsedMarks(int user, ItemMarks? marks, UserPast past)
    {
        uint[] used = new uint[(items.Items.Length + 31) / 32];
        if (user < 0) return used;
        ReadOnlySpan<int> disliked = past.Disliked(user);
        foreach (int item in past.Seen(user))
        {
            int place = Array.BinarySearch(items.Items, item);
            if (place >= 0 && !disliked.Contains(item) && marks?.Has(user, place) != false) used[place / 32] |= 1u << place % 32;
        }

        return used;
    }

    private static int[] ByFallingWeight(float[] weights)
    {
        int[] places = Array.FindAll([.. Enumerable.Range(0, weights.Length)], place => weights[place] > 0);
        Array.Sort(places, (a, b) => weights[a] != weights[b] ? weights[b].CompareTo(weights[a]) : a.CompareTo(b));
        return places;
    }
}

/// <summary>One of a user's named lists.</summary>
/// <param name="most">How many items it may hold.</param>
/// <param name="source">What its scores rest on: <see cref="Source"/>.</param>
/// <param name="because">The item to which its items are similar; -1 for none.</param>
public sealed class UserList(int most, string source, int because)
{
    private readonly List<int> items = [];
    private readonly List<float> scores = [];
    private readonly List<float> propensities = [];

    public IReadOnlyList<int> Items => items;

    public IReadOnlyList<float> Scores => scores;

    /// <summary>With which probability each item got its place: 1 where it was not drawn.</summary>
    public IReadOnlyList<float> Propensities => propensities;

    /// <summary>Sum of the scores of the list without <see cref="ListOptions.Promote"/>; null where nothing is promoted.</summary>
    public double? WithoutPromotion { get; internal set; }

    public string Source => source;

    public int Because => because;

    internal bool IsFull => items.Count >= most;

    internal void Add(int item, float score, float propensity = 1)
    {
        items.Add(item);
        scores.Add(score);
        propensities.Add(propensity);
    }
}
