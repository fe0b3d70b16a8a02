using NcfSpark.Core;
using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>Chooses a few users by hash, not by how well they are served, and shows what the model would have recommended to them.</summary>
public static class ExampleUsers
{
    private const int HistoryShown = 10;

    public static IReadOnlyList<ExampleUser> Build(IScorer model, EvaluationData data, IdTable users, IdTable items, int count, int recommendations, long seed)
    {
        if (count == 0) return [];
        int[] chosen = EvaluationUsers.Draw(data.Test, count, RandomStream.Named(seed, "example users"));
        float[] scores_N = new float[model.ItemCount];
        return [.. chosen.Select(Example)];

        ExampleUser Example(int user)
        {
            model.ScoreAll([user], scores_N);
            HashSet<int> held = [.. RowsOf(data.Test, user).Select(row => data.Test.Items[row])];
            int[] seen = [.. data.Seen[user].ToArray().Where(item => !held.Contains(item))];
            IEnumerable<ExampleItem> history = new[] { data.Train, data.Validation }
                .SelectMany(part => RowsOf(part, user).Select(row => (Item: part.Items[row], When: part.Timestamps[row])))
                .OrderByDescending(row => row.When).ThenBy(row => row.Item)
                .Take(HistoryShown)
                .Select(row => new ExampleItem(items.TextOf(row.Item), row.When));
            IEnumerable<ExampleRecommendation> recommended = TopItems.Of(scores_N, seen, recommendations)
                .Select(item => new ExampleRecommendation(items.TextOf(item), scores_N[item], held.Contains(item)));
            return new ExampleUser(users.TextOf(user), data.Seen[user].Length, [.. history], held.Count, [.. recommended]);
        }
    }

    private static IEnumerable<int> RowsOf(InteractionRows rows, int user)
    {
        for (int row = 0; row < rows.Count; row++)
        {
            if (rows.Users[row] == user) yield return row;
        }
    }
}
