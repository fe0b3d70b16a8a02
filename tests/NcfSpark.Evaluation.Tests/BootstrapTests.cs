using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public class BootstrapTests
{
    private static double[] Ones(int count) => [.. Enumerable.Repeat(1.0, count)];

    [Fact]
    public void IntervalsOfANormalMeanCoverItAboutAsOftenAsTheySay()
    {
        const int Trials = 300, Users = 100;
        int covered = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            RandomStream stream = RandomStream.Named(trial, "values");
            double[] values = [.. Enumerable.Range(0, Users).Select(user => 3 + stream.Normal(user))];
            double[] resampled = new Bootstrap(Users, 300, RandomStream.Named(trial, "bootstrap")).Resample([new("mean", values, Ones(Users))], 0)[0];
            (double low, double high) = Bootstrap.Interval(resampled);
            if (low <= 3 && 3 <= high) covered++;
        }

        Assert.InRange(covered / (double)Trials, 0.91, 0.98); // 95 % less a little at 100 users; standard error .013
    }

    [Fact]
    public void TheIntervalIsAsWideAsTheory()
    {
        const int Users = 2000;
        RandomStream stream = RandomStream.Named(1, "values");
        double[] values = [.. Enumerable.Range(0, Users).Select(user => stream.Normal(user))];
        (double low, double high) = Bootstrap.Interval(
            new Bootstrap(Users, 2000, RandomStream.Named(1, "bootstrap")).Resample([new("mean", values, Ones(Users))], 0)[0]);
        Assert.Equal(2 * 1.96 / Math.Sqrt(Users), high - low, 0.008);
    }

    [Fact]
    public void AConstantHasAnIntervalOfNoWidth()
    {
        double[] resampled = new Bootstrap(7, 50, RandomStream.Named(1, "bootstrap"))
            .Resample([new("mean", [3, 6, 3, 3, 6, 9, 3], [1, 2, 1, 1, 2, 3, 1])], 0)[0];
        Assert.All(resampled, value => Assert.Equal(3, value, 12));
    }

    [Fact]
    public void ResamplingAgreesWithDrawingUsersOneByOne()
    {
        PerUserMetric average = new("mean", [1, 5, 2, 7, 3], [1, 2, 1, 3, 1]);
        RandomStream stream = RandomStream.Named(4, "bootstrap");
        double[] fast = new Bootstrap(5, 30, stream).Resample([average], 1)[0];
        for (int s = 0; s < 30; s++)
        {
            int[] drawn = [.. Enumerable.Range(0, 5).Select(i => (int)stream.Below(s * 5 + i, 5))];
            Assert.Equal(drawn.Sum(user => average.Sums[user]) / drawn.Sum(user => average.Weights[user]), fast[s], 12);
        }
    }

    [Fact]
    public void OneAndTwoThreadsGiveTheSameBits()
    {
        double[] values = [.. Enumerable.Range(0, 501).Select(user => RandomStream.Named(2, "values").Unit(user))];
        var bootstrap = new Bootstrap(501, 64, RandomStream.Named(1, "bootstrap"));
        Assert.Equal(bootstrap.Resample([new("mean", values, Ones(501))], 1)[0], bootstrap.Resample([new("mean", values, Ones(501))], 2)[0]);
    }

    [Fact]
    public void QuantilesLieBetweenNeighbours()
    {
        Assert.Equal(2, Bootstrap.Quantile([1, 2, 3], 0.5), 12);
        Assert.Equal(1.05, Bootstrap.Quantile([1, 2, 3], 0.025), 12);
        Assert.Equal(3, Bootstrap.Quantile([1, 2, 3], 1), 12);
    }

    [Fact]
    public void TheAreasFirstOrderResamplesHaveTheSpreadOfResortingEachOne()
    {
        // 150 users with 2 positives and 4 negatives each. The exact way draws users and sorts all their pairs again.
        const int Users = 150, Samples = 400;
        RandomStream noise = RandomStream.Named(3, "noise");
        float[] positives = [.. Enumerable.Range(0, 2 * Users).Select(p => (float)(1 + noise.Normal(p) + noise.Normal(10_000 + p / 2)))];
        float[] negatives = [.. Enumerable.Range(0, 4 * Users).Select(n => (float)(noise.Normal(20_000 + n) + noise.Normal(10_000 + n / 4)))];
        AreaUnderCurve area = AreaUnderCurve.Of(
            positives, [.. Enumerable.Range(0, 2 * Users).Select(p => p / 2)], negatives, [.. Enumerable.Range(0, 4 * Users).Select(n => n / 4)], Users);
        RandomStream stream = RandomStream.Named(1, "bootstrap");
        double[][] parts = new Bootstrap(Users, Samples, stream).Resample([area.OfPositives, area.OfNegatives], 0);
        double[] firstOrder = MetricValue.Of(area).Resampled(average => ReferenceEquals(average, area.OfPositives) ? parts[0] : parts[1])!;

        double[] exact = [.. Enumerable.Range(0, Samples).Select(s =>
        {
            int[] drawn = [.. Enumerable.Range(0, Users).Select(i => (int)stream.Below((long)s * Users + i, Users))];
            float[] p = [.. drawn.SelectMany(user => positives[(2 * user)..(2 * user + 2)])];
            float[] n = [.. drawn.SelectMany(user => negatives[(4 * user)..(4 * user + 4)])];
            return AreaUnderCurve.Of(p, new int[p.Length], n, new int[n.Length], 1).Value;
        })];
        (double low, double high) = Bootstrap.Interval(firstOrder);
        (double exactLow, double exactHigh) = Bootstrap.Interval(exact);
        Assert.Equal(exactLow, low, 0.002);
        Assert.Equal(exactHigh, high, 0.002);
    }
}
