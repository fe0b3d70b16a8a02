using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

/// <summary>Logs for tests.</summary>
internal static class Logs
{
    public static InteractionRows Rows(params (int User, int Item)[] pairs) =>
        new(Array.ConvertAll(pairs, pair => pair.User), Array.ConvertAll(pairs, pair => pair.Item), new long[pairs.Length]);

    public static InteractionLists Lists(int users, params (int User, int Item)[] pairs) =>
        InteractionLists.FromRows(users, Array.ConvertAll(pairs, pair => pair.User), Array.ConvertAll(pairs, pair => pair.Item));

    /// <summary>The two baselines without times or settings.</summary>
    public static IReadOnlyList<NamedScorer> Baselines(EvaluationData data) =>
    [
        new("popularity", "popularity", new PopularityScorer(data.ItemInteractions), ScoresAreProbabilities: false),
        new("item_cosine", "item-item cosine", new ItemCosineScorer(data.History, data.ItemInteractions.Length), ScoresAreProbabilities: false),
    ];

    /// <summary>The same log with a time for each row, drawn by hash: seconds of some days, several rows a second.</summary>
    public static EvaluationData Timed(EvaluationData data, int days, long seed)
    {
        RandomStream times = RandomStream.Named(seed, "times");
        InteractionRows Timed(InteractionRows rows, long place) =>
            rows with { Timestamps = [.. rows.Users.Select((_, row) => 1_000_000_000 + times.Below(place + row, days * 24) * 3600)] };
        return new(
            data.UserCount, data.ItemInteractions, Timed(data.Train, 0), Timed(data.Validation, 1 << 20), Timed(data.Test, 1 << 21), data.TestCandidates);
    }

    /// <summary>Each user meets each item with the given chance; the first of a user's items in a shuffled order are held out.</summary>
    public static EvaluationData Random(int users, int items, double density, int heldOut, int candidates, long seed)
    {
        RandomStream stream = RandomStream.Named(seed, "log");
        var (train, validation, test, rows, among) = (
            new List<(int, int)>(), new List<(int, int)>(), new List<(int User, int Item)>(), new List<int>(), new List<int>());
        for (int user = 0; user < users; user++)
        {
            int[] all = [.. Enumerable.Range(0, items)];
            RandomStream.Named(seed, "user", user).Shuffle(all.AsSpan());
            int touched = all.Count(item => stream.Unit((long)user * items + item) < density);
            int held = Math.Min(heldOut, touched / 2);
            for (int k = 0; k < touched; k++) (k < held ? test : k < held + 1 ? validation : train).Add((user, all[k]));
            for (int k = 0; k < held; k++)
            {
                for (int c = 0; c < candidates && touched + c < items; c++)
                {
                    rows.Add(test.Count - held + k);
                    among.Add(all[touched + c]);
                }
            }
        }

        InteractionRows trainRows = Rows([.. train]);
        int[] interactions = new int[items];
        foreach (int item in trainRows.Items) interactions[item]++;
        return new EvaluationData(users, interactions, trainRows, Rows([.. validation]), Rows([.. test]),
            InteractionLists.FromRows(test.Count, [.. rows], [.. among]));
    }
}
