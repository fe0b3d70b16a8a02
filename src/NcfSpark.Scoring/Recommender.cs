using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// The K best items of users. Those whom the model cannot score, since they have neither training interactions nor a
/// history that it knows, or since it does not know them at all, get the popularity list, with the share of users who
/// have the item as its score. One thread may call it at a time; inside it uses many.
/// </summary>
/// <param name="model">Ids and how often each was trained on.</param>
/// <param name="scorer">The model's scores of the items that may be recommended.</param>
/// <param name="options">K, whether what was seen is left out, and threads.</param>
public sealed class Recommender(TrainedModel model, IModelScorer scorer, RecommendableItems items, ScoreOptions options) : IDisposable
{
    private const int MostRows = 1 << 20; // where K is large

    private readonly int k = Math.Clamp(options.TopK, 1, Math.Max(1, items.Items.Length));
    private readonly float[] popularity_N = Select(model.Popularity_N, items.Items);
    private readonly NamedLists named = new(model, items, Math.Clamp(options.TopK, 1, Math.Max(1, items.Items.Length)));
    private TopLists best = new(0, 1);

    /// <summary>By user of the model the items of an earlier list, which <see cref="ScoreOptions.Hysteresis"/> keeps; null for none.</summary>
    public InteractionLists? Earlier { get; init; }

    /// <summary>The named lists that users get beside their recommendations.</summary>
    public IReadOnlyList<ListOptions> Lists { get; } = [.. items.Lists.Select(list => list.Options)];

    /// <summary>How many users make a call worth its while: lists of 80,000 rows at K = 10.</summary>
    public int UsersAtOnce => Math.Clamp(MostRows / (k + named.Kept), 1, 8192);

    /// <summary>Finds their lists, where nothing but what they have seen is asked of their past.</summary>
    /// <inheritdoc cref="Recommend(ReadOnlyMemory{int}, UserPast, CancellationToken)"/>
    public RecommendationRows Recommend(ReadOnlyMemory<int> users, ExcludedItems seen, CancellationToken cancellation = default) =>
        Recommend(users, new UserPast(seen), cancellation);

    /// <summary>Finds their lists.</summary>
    /// <param name="users">Indexes of the model's users; what is below 0 is a user whom it does not know.</param>
    /// <param name="past">What each has done. Asked of users of the model.</param>
    /// <returns>Rows by user, in the order given, and rank.</returns>
    public RecommendationRows Recommend(ReadOnlyMemory<int> users, UserPast past, CancellationToken cancellation = default)
    {
        if (best.Capacity < users.Length) best = NewLists(Math.Max(users.Length, UsersAtOnce), k);
        return Recommend(users, past, best, options.ThreadCount, cancellation);
    }

    /// <summary>An empty list of one user, of at most so many items, for <see cref="Recommend(int, ExcludedItems, TopLists)"/>.</summary>
    public TopLists NewList(int most) => NewLists(1, most);

    /// <summary>Finds one user's list. Any number of threads may call it at once, each with a list of its own; none is larger than that list.</summary>
    /// <param name="user">As for many users.</param>
    /// <param name="best">Receives the list. Its K counts.</param>
    /// <returns>The list's source.</returns>
    public string Recommend(int user, ExcludedItems seen, TopLists best)
    {
        ReadOnlySpan<int> Excluded(int one) => options.ExcludeSeen ? seen(one) : [];
        string source = Source.Of(model, user);
        if (source == Source.Popularity) best.Keep(0, popularity_N, items.Items, Excluded(user), user);
        else scorer.FindBest(new[] { user }, Excluded, best, threads: 1);
        return source;
    }

    /// <summary>Finds one user's lists, the named ones too. Any number of threads may call it at once.</summary>
    /// <param name="lists">The named lists, of other sizes than they are written.</param>
    public RecommendationRows RecommendAlone(int user, UserPast past, IReadOnlyList<ListOptions> lists) =>
        Recommend(new[] { user }, past, NewLists(1, k), threads: 1, default, [.. lists.Select(list => list.TopK)]);

    public void Dispose() => named.Dispose();

    private RecommendationRows Recommend(
        ReadOnlyMemory<int> users, UserPast past, TopLists main, int threads, CancellationToken cancellation, int?[]? sizes = null)
    {
        ReadOnlySpan<int> Excluded(int user) => options.ExcludeSeen && user >= 0 ? past.Seen(user) : [];
        string[] sources = Array.ConvertAll(users.ToArray(), user => Source.Of(model, user));
        int[] scored = [.. Enumerable.Range(0, users.Length).Where(u => sources[u] != Source.Popularity)];
        int[] others = [.. Enumerable.Range(0, users.Length).Except(scored)];
        int[] placeOf = new int[users.Length]; // first those whom the model scores, then the others
        for (int place = 0; place < placeOf.Length; place++) placeOf[place < scored.Length ? scored[place] : others[place - scored.Length]] = place;
        TopLists?[] pools = named.Pools(users.Length, past, sizes);
        TopLists[] all = [main, .. pools.OfType<TopLists>()];
        scorer.FindBest(Array.ConvertAll(scored, u => users.Span[u]), Excluded, all, threads, cancellation);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.ForEach(others, parallel, u =>
        {
            foreach (TopLists lists in all) lists.Keep(placeOf[u], popularity_N, items.Items, Excluded(users.Span[u]), users.Span[u]);
        });
        if (Earlier is not null) KeepEarlier(users.Span, main, placeOf, scored.Length, Excluded);
        if (named.Count == 0) return Rows(users.Span, main, placeOf, sources);
        var lists = new UserList[users.Length][];
        Parallel.For(0, users.Length, parallel, u =>
            lists[u] = named.Of(users.Span[u], main.Items(placeOf[u]), pools, placeOf[u], Excluded(users.Span[u]), past, sources[u], sizes));
        return Rows(users.Span, main, placeOf, sources) with
        {
            Named = [.. Enumerable.Range(0, named.Count)
                .Select(list => RecommendationRows.Of(model, users.Span, Array.ConvertAll(lists, ofUser => ofUser[list])))],
        };
    }

    private TopLists NewLists(int users, int most) => new(users, Math.Clamp(most, 1, Math.Max(1, items.Items.Length)))
    {
        Limit = items.Groups,
        Allowed = items.Marks is { } marks ? marks.Of : null,
    };

    // An item of the new list that did not stand in the earlier one is among the K best of all: only the earlier ones are missing. Both are ranked
    // together, the earlier ones by their score and the hysteresis.
    private void KeepEarlier(ReadOnlySpan<int> users, TopLists best, int[] placeOf, int scored, ExcludedItems excluded)
    {
        List<int> pairUsers = [], pairItems = [], places = [];
        for (int u = 0; u < users.Length; u++)
        {
            if (users[u] < 0) continue;
            ReadOnlySpan<int> listed = best.Items(placeOf[u]), left = excluded(users[u]);
            foreach (int item in Earlier![users[u]])
            {
                if (listed.Contains(item) || left.BinarySearch(item) >= 0) continue;
                if (items.Marks is { } marks && !marks.Has(users[u], Array.BinarySearch(items.Items, item))) continue;
                pairUsers.Add(users[u]);
                pairItems.Add(item);
                places.Add(u);
            }
        }

        float[] scores = new float[places.Count];
        int[] byModel = [.. Enumerable.Range(0, places.Count).Where(pair => placeOf[places[pair]] < scored)];
        float[] modelled = new float[byModel.Length];
        scorer.ScorePairs(Array.ConvertAll(byModel, pair => pairUsers[pair]), Array.ConvertAll(byModel, pair => pairItems[pair]), modelled);
        for (int pair = 0; pair < scores.Length; pair++) scores[pair] = model.PopularityOf(pairItems[pair]);
        for (int place = 0; place < byModel.Length; place++) scores[byModel[place]] = modelled[place];

        int next = 0;
        for (int u = 0; u < users.Length; u++)
        {
            if (users[u] < 0) continue;
            int[] earlier = Earlier![users[u]].ToArray();
            var candidates = best.Items(placeOf[u]).ToArray().Zip(best.Scores(placeOf[u]).ToArray()).ToList();
            for (; next < places.Count && places[next] == u; next++)
            {
                if (!float.IsNaN(scores[next])) candidates.Add((pairItems[next], scores[next]));
            }

            (int Item, float Score)[] ranked = [.. candidates
                .OrderByDescending(one => one.Second + (Array.BinarySearch(earlier, one.First) >= 0 ? options.Hysteresis : 0))
                .ThenBy(one => one.First).Take(k)];
            best.Set(placeOf[u], Array.ConvertAll(ranked, one => one.Item), Array.ConvertAll(ranked, one => one.Score));
        }
    }

    private static float[] Select(float[] scores_N, int[] items) => Array.ConvertAll(items, item => scores_N[item]);

    private RecommendationRows Rows(ReadOnlySpan<int> users, TopLists best, int[] placeOf, string[] sources)
    {
        int count = 0, row = 0;
        foreach (int place in placeOf) count += best.Items(place).Length;
        var rows = new RecommendationRows(new int[count], new int[count], new int[count], new float[count], new string[count]);
        for (int u = 0; u < users.Length; u++)
        {
            ReadOnlySpan<int> listed = best.Items(placeOf[u]);
            listed.CopyTo(rows.Items.AsSpan(row));
            best.Scores(placeOf[u]).CopyTo(rows.Scores.AsSpan(row));
            for (int rank = 1; rank <= listed.Length; rank++, row++)
            {
                (rows.Users[row], rows.Ranks[row], rows.Sources[row]) = (users[u], rank, Source.OfItem(model, rows.Items[row], sources[u]));
            }
        }

        return rows;
    }
}

/// <summary>Rows of recommendations, a column each.</summary>
/// <param name="Users">Users, as they were given to <see cref="Recommender"/>.</param>
/// <param name="Ranks">From 1.</param>
/// <param name="Items">Item indexes.</param>
/// <param name="Scores">Probabilities; for the source `popularity` shares of users.</param>
/// <param name="Sources">See <see cref="Source"/>.</param>
public sealed record RecommendationRows(int[] Users, int[] Ranks, int[] Items, float[] Scores, string[] Sources)
{
    /// <summary>Of a list "because" the item to which each row's is similar, -1 for none; empty for other lists.</summary>
    public int[] Because { get; init; } = [];

    /// <summary>Of a named list with which probability each row's item got its place (1 where it was not drawn); empty for recommendations.</summary>
    public float[] Propensities { get; init; } = [];

    /// <summary>Of a named list in each user's first row <see cref="UserList.WithoutPromotion"/>, and 0 in the others; empty for recommendations.</summary>
    public double[] WithoutPromotion { get; init; } = [];

    /// <summary>Rows of <see cref="ScoreOptions.Lists"/>, in their order.</summary>
    public IReadOnlyList<RecommendationRows> Named { get; init; } = [];

    internal static RecommendationRows Of(TrainedModel model, ReadOnlySpan<int> users, UserList[] lists)
    {
        int count = lists.Sum(list => list.Items.Count), row = 0;
        var rows = new RecommendationRows(new int[count], new int[count], new int[count], new float[count], new string[count])
        {
            Because = new int[count], Propensities = new float[count], WithoutPromotion = new double[count],
        };
        for (int u = 0; u < lists.Length; u++)
        {
            for (int place = 0; place < lists[u].Items.Count; place++, row++)
            {
                (rows.Users[row], rows.Ranks[row], rows.Items[row]) = (users[u], place + 1, lists[u].Items[place]);
                (rows.Scores[row], rows.Because[row]) = (lists[u].Scores[place], lists[u].Because);
                rows.Sources[row] = Source.OfItem(model, rows.Items[row], lists[u].Source);
                rows.Propensities[row] = lists[u].Propensities[place];
                rows.WithoutPromotion[row] = place == 0 ? lists[u].WithoutPromotion ?? 0 : 0;
            }
        }

        return rows;
    }
}

/// <summary>What a prediction rests on, as written into the column `source`.</summary>
public static class Source
{
    /// <summary>The trained model.</summary>
    public const string Model = "model";

    /// <summary>The baseline that serves instead of a network (Nightly:WhenBaselineWins).</summary>
    public const string Baseline = "baseline";

    /// <summary>The trained model, which knows the user by their history alone: they have no training rows.</summary>
    public const string History = "history";

    /// <summary>How many training users have the item: where the model was not trained on the user, or does not know the item.</summary>
    public const string Popularity = "popularity";

    /// <summary>The trained model, which knows the item by its features alone: it has no interactions.</summary>
    public const string Features = "features";

    /// <summary>What an item of a user's list rests on, by what the user is scored by.</summary>
    public static string OfItem(TrainedModel model, int item, string ofUser) =>
        ofUser is Model or History && model.Weights.ItemParts is not null && model.Items.Interactions[item] == 0 ? Features : ofUser;

    /// <summary>How similar an item is to one that the user used: the cosine of what the model learned of both.</summary>
    public const string Similar = "similar";

    /// <summary>How much everybody uses an item lately.</summary>
    public const string Trending = "trending";

    /// <summary>What a user is scored by; below 0 is one whom the model does not know.</summary>
    public static string Of(TrainedModel model, int user)
    {
        if (user < 0) return Popularity;
        bool hasHistory = model.Weights.Pools is { } pools && !pools[user].IsEmpty;
        if (model.Weights.Baseline is { } baseline) return hasHistory || !baseline.UsesHistory ? Baseline : Popularity;
        return model.Users.Interactions[user] > 0 ? Model : hasHistory ? History : Popularity;
    }

    /// <summary>What a pair is scored by, and its score where that is popularity: the share of users who have the item, 0 for an unknown item.</summary>
    /// <param name="user">Below 0: the model does not know them.</param>
    /// <param name="item">Below 0: the model does not know it.</param>
    public static (string Source, float Popularity) OfPair(TrainedModel model, int user, int item)
    {
        string source = item < 0 ? Popularity
            : model.Items.Interactions[item] > 0 || model.Weights.ItemParts is not null ? OfItem(model, item, Of(model, user))
            : Popularity;
        return (source, item < 0 ? 0 : model.PopularityOf(item));
    }
}
