using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring;

/// <summary>
/// Each user's K best items, some users at a time. Users without training interactions are scored by their history where the model has one, else get
/// the popularity list, with the share of users who have the item as its score. A user's list does not depend on the users beside it.
/// </summary>
/// <param name="model">Ids and how often each was trained on.</param>
/// <param name="scorer">The model's scores.</param>
/// <param name="options">K, and threads.</param>
public sealed class RecommendationLists(TrainedModel model, IModelScorer scorer, ScoreOptions options)
{
    private const int UsersPerGroup = 8192;   // with K = 10 a row group of 80,000 rows: small enough to skip, large enough to compress
    private const int RowsPerGroup = 1 << 20; // where K is large

    private readonly int k = Math.Clamp(options.TopK, 1, Math.Max(1, model.Items.Count));
    private float[]? popularity;

    /// <summary>How many users are worth scoring at once.</summary>
    public int UsersAtOnce => Math.Clamp(RowsPerGroup / k, 1, UsersPerGroup);

    /// <summary>Room for the lists of that many users.</summary>
    public TopLists NewLists() => new(UsersAtOnce, k);

    /// <summary>Finds the lists of users.</summary>
    /// <param name="users">Dense indexes, at most <see cref="UsersAtOnce"/>.</param>
    /// <param name="excluded">Items that a user is not given.</param>
    /// <param name="best">Receives them.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>For each user the place of their list: first those whom the model scores, then the others.</returns>
    public int[] FindBest(int[] users, ExcludedItems excluded, TopLists best, CancellationToken cancellation)
    {
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        ILookup<bool, int> places = Enumerable.Range(0, users.Length).ToLookup(place => Source.Of(model, users[place]) != Source.Popularity);
        int[] scored = [.. places[true]], others = [.. places[false]], placeOf = new int[users.Length];
        for (int place = 0; place < users.Length; place++) placeOf[place < scored.Length ? scored[place] : others[place - scored.Length]] = place;
        scorer.FindBest(Array.ConvertAll(scored, place => users[place]), excluded, best, threads, cancellation);
        if (others.Length > 0) popularity ??= Array.ConvertAll(model.Items.Interactions, interactions => (float)interactions / model.Users.Count);
        Parallel.ForEach(others, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, place => best.Keep(placeOf[place], popularity!, excluded(users[place])));
        return placeOf;
    }

    /// <summary>The lists that <see cref="FindBest"/> found, as rows.</summary>
    public RecommendationRows Rows(int[] users, int[] placeOf, TopLists best)
    {
        int count = placeOf.Sum(place => best.Items(place).Length), row = 0;
        var rows = new RecommendationRows(new int[count], new int[count], new int[count], new float[count], new string[count]);
        for (int u = 0; u < users.Length; u++)
        {
            ReadOnlySpan<int> listed = best.Items(placeOf[u]);
            string source = Source.Of(model, users[u]);
            listed.CopyTo(rows.Items.AsSpan(row));
            best.Scores(placeOf[u]).CopyTo(rows.Scores.AsSpan(row));
            for (int rank = 1; rank <= listed.Length; rank++, row++) (rows.Users[row], rows.Ranks[row], rows.Sources[row]) = (users[u], rank, source);
        }

        return rows;
    }
}
