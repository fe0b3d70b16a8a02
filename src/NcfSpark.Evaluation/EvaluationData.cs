using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>What a model is measured on.</summary>
/// <param name="ItemInteractions">Training interactions by item; its length is the number of items.</param>
/// <param name="Train">The training positives (never label 0).</param>
/// <param name="Validation">The validation rows, or none.</param>
/// <param name="TestCandidates">For each test row its sampled candidates; empty lists where none were drawn.</param>
/// <param name="Disliked">What users dislike, of the time of training: never recommended; null where there is nothing.</param>
public sealed record EvaluationData(
    int UserCount, int[] ItemInteractions, InteractionRows Train, InteractionRows Validation, InteractionRows Test, InteractionLists TestCandidates,
    InteractionRows? Disliked = null)
{
    private readonly Lazy<InteractionLists> seen = new(() => InteractionLists.FromParts(UserCount,
        [(Train.Users, Train.Items), (Validation.Users, Validation.Items), .. Disliked is null ? [] : new[] { (Disliked.Users, Disliked.Items) }]));

    // Without init, so that a copy made by `with` cannot leave History and Seen behind.
    public int UserCount { get; } = UserCount;

    public InteractionRows Train { get; } = Train;

    public InteractionRows Validation { get; } = Validation;

    /// <summary>By item what its training interactions weigh; their number, where all weigh the same.</summary>
    public float[] ItemPopularity { get; init; } = Array.ConvertAll(ItemInteractions, count => (float)count);

    /// <summary>The features of each item; null where items have none.</summary>
    public InteractionLists? ItemFeatures { get; init; }

    /// <summary>Whether held-out rows of new items are measured apart: items have features, or some are hidden from training.</summary>
    public bool TellsNewItems { get; init; }

    /// <summary>Whether held-out rows of new users are measured apart: some users are hidden from training.</summary>
    public bool TellsNewUsers { get; init; }

    /// <summary>Everything, those held out too.</summary>
    public InteractionRows All => InteractionRows.Concat(Train, Validation, Test);

    /// <summary>By user the moment of the earliest test row, at which the user is asked about; 0 for who has none.</summary>
    public long[] TestMoments
    {
        get
        {
            long[] moments_U = new long[UserCount];
            for (int row = 0; row < Test.Count; row++)
            {
                ref long moment = ref moments_U[Test.Users[row]];
                moment = moment == 0 ? Test.Timestamps[row] : Math.Min(moment, Test.Timestamps[row]);
            }

            return moments_U;
        }
    }

    /// <summary>By user the training items: what the baselines know.</summary>
    public InteractionLists History { get; } = InteractionLists.FromRows(UserCount, Train.Users, Train.Items);

    /// <summary>By user the training and validation items, and those that they dislike: what is left out when testing.</summary>
    public InteractionLists Seen => Validation.Count == 0 && Disliked is null ? History : seen.Value;

    /// <summary>Whether test rows have candidates, so that the sampled protocol and classification can be measured.</summary>
    public bool HasCandidates => TestCandidates.Items.Length > 0;

    /// <summary>The same, tested on some users only.</summary>
    /// <param name="users">User indexes, rising.</param>
    internal EvaluationData TestedOn(int[] users)
    {
        int[] kept = [.. Enumerable.Range(0, Test.Count).Where(row => Array.BinarySearch(users, Test.Users[row]) >= 0)];
        int[] candidateRows = [.. kept.SelectMany((row, place) => Enumerable.Repeat(place, TestCandidates[row].Length))];
        int[] candidates = [.. kept.SelectMany(row => TestCandidates[row].ToArray())];
        return this with
        {
            Test = Test.Take(kept),
            TestCandidates = InteractionLists.FromRows(kept.Length, candidateRows, candidates),
        };
    }

    /// <summary>Reads a prepared directory; rows that were sampled as negatives are dropped.</summary>
    /// <exception cref="InvalidInputException">A file cannot be read.</exception>
    public static EvaluationData From(PreparedData prepared)
    {
        (InteractionRows rows, int[] labels) = prepared.ReadTrain();
        bool onlyPositives = labels.Sum() == labels.Length;
        InteractionRows test = prepared.ReadHeldOut("test");
        IdTable items = prepared.ReadItems();
        return new EvaluationData(
            prepared.ReadUsers().Count,
            items.Interactions,
            onlyPositives ? rows : rows.Take([.. Enumerable.Range(0, labels.Length).Where(row => labels[row] == 1)]),
            prepared.ReadHeldOut("validation"),
            test,
            prepared.ReadTestCandidates(test),
            prepared.ReadDisliked(later: false))
        {
            ItemFeatures = prepared.HasItemFeatures ? prepared.ReadItemFeatures().OfItem : null,
            TellsNewUsers = prepared.Directory.Manifest.Rows.ContainsKey(PreparedData.ColdUsers),
            TellsNewItems = prepared.Directory.Manifest.Rows.ContainsKey(PreparedData.ColdItems),
            ItemPopularity = [.. Enumerable.Range(0, items.Count).Select(items.PopularityOf)],
        };
    }
}
