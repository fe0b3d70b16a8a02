using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public class NewcomerPopularityTests
{
    private const int Users = 60, Items = 24;
    private const long Day = 86_400;
    private static readonly EvaluateOptions Options = new() { Threads = 1 };

    // Users come one after the other and stay for two days; what is in fashion changes with the given number of days. Test: the last six days.
    private static EvaluationData Shop(int seed, int fashion)
    {
        RandomStream stream = RandomStream.Named(seed, "shop");
        var (train, test) = (new List<(int User, int Item, long Time)>(), new List<(int User, int Item, long Time)>());
        for (int user = 0; user < Users; user++)
        {
            for (int k = 0; k < 8; k++)
            {
                long time = user * Day + stream.Below(user * 100L + k, (int)(2 * Day));
                int item = (int)((time / Day / fashion * 5 + stream.Below(user * 100L + 50 + k, 4)) % Items);
                (time >= (Users - 5) * Day ? test : train).Add((user, item, time));
            }
        }

        InteractionRows trainRows = Rows(train), testRows = Rows(test);
        int[] counts = new int[Items];
        foreach (int item in trainRows.Items) counts[item]++;
        return new EvaluationData(Users, counts, trainRows, Logs.Rows(), testRows, InteractionLists.FromRows(testRows.Count, [], []));

        static InteractionRows Rows(List<(int User, int Item, long Time)> rows) =>
            new([.. rows.Select(row => row.User)], [.. rows.Select(row => row.Item)], [.. rows.Select(row => row.Time)]);
    }

    [Property(MaxTest = 20)]
    public void WhereFashionsChangeLateUsesCountMoreAndWhereTheyDoNotTheListIsAsGood(int seed)
    {
        EvaluationData data = Shop(seed, fashion: 12);
        long hours = NewcomerPopularity.HalfLifeHours(data, Options);
        Assert.InRange(hours, 1, 14 * 24);
        Assert.True(Ndcg(data, hours) > Ndcg(data, 0));
    }

    /// <summary>No leak: neither the choice nor the list changes when what is at or after the moment is another, or is not there.</summary>
    [Property(MaxTest = 20)]
    public void NothingFromTheMomentOnChangesTheList(int seed)
    {
        EvaluationData data = Shop(seed, fashion: 12);
        var others = data.Test with { Items = Array.ConvertAll(data.Test.Items, item => (item + 7) % Items) };
        var changed = new EvaluationData(Users, data.ItemInteractions, data.Train, data.Validation, others, data.TestCandidates);
        long hours = NewcomerPopularity.HalfLifeHours(data, Options);
        Assert.Equal(hours, NewcomerPopularity.HalfLifeHours(changed, Options));
        Assert.Equal(NewcomerPopularity.Uses(data.Train, Items, hours), NewcomerPopularity.Uses(changed.Train, Items, hours));
    }

    [Property(MaxTest = 40)]
    public void UsesAreSummedRowByRowInWhateverOrder(int seed, byte halfLife)
    {
        InteractionRows rows = Shop(seed, fashion: 5).Train;
        long last = rows.Timestamps.Max();
        double[] expected = new double[Items];
        for (int row = 0; row < rows.Count; row++)
        {
            expected[rows.Items[row]] += halfLife == 0 ? 1 : Math.Pow(0.5, (last - rows.Timestamps[row]) / 3600.0 / halfLife);
        }

        float[] uses = NewcomerPopularity.Uses(rows, Items, halfLife);
        for (int item = 0; item < Items; item++) Assert.Equal(expected[item], uses[item], 1e-5 * Math.Max(1, expected[item]));
        var reversed = new InteractionRows([.. rows.Users.Reverse()], [.. rows.Items.Reverse()], [.. rows.Timestamps.Reverse()]);
        Assert.Equal(uses, NewcomerPopularity.Uses(reversed, Items, halfLife));
    }

    private static double Ndcg(EvaluationData data, long hours) =>
        new RankingEvaluator(data.History, data.Test, [10]).Evaluate(
            new PopularityScorer(NewcomerPopularity.Uses(data.Train, Items, hours)), 1, SilentProgress.Instance)["ndcg@10"];
}
