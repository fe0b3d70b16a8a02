using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The bootstrap over users (Efron 1979): as many users are drawn with replacement as there are, a metric is averaged over them, and this
/// is done many times. All of a user's rows come along, since they are not independent. All metrics of all scorers see the same draws, so
/// differences between scorers are paired.
/// </summary>
/// <param name="stream">Draws; draw i of resample s is at place s · userCount + i.</param>
internal sealed class Bootstrap(int userCount, int samples, RandomStream stream)
{
    /// <summary>Each average's value in each resample: [average][resample]. The same with any number of threads.</summary>
    public double[][] Resample(IReadOnlyList<PerUserMetric> averages, int threads)
    {
        double[][] values = [.. averages.Select(_ => new double[samples])];
        double[][] weights = [.. averages.Select(average => average.Weights).Distinct()]; // by reference: many share one array
        int[] weightsOf = [.. averages.Select(average => Array.IndexOf(weights, average.Weights))];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };
        Parallel.For(0, samples, parallel, () => new double[userCount], (s, _, times) =>
        {
            Array.Clear(times);
            for (int i = 0; i < userCount; i++) times[stream.Below((long)s * userCount + i, userCount)]++;
            double[] totals = Array.ConvertAll(weights, column => Dot(times, column));
            for (int a = 0; a < values.Length; a++) values[a][s] = Dot(times, averages[a].Sums) / totals[weightsOf[a]];
            return times;
        }, _ => { });
        return values;
    }

    /// <summary>The percentile interval: between the 2.5 and 97.5 percentiles of the resampled values (linear between neighbours).</summary>
    public static (double Low, double High) Interval(double[] resampled)
    {
        double[] sorted = [.. resampled];
        Array.Sort(sorted);
        return (Quantile(sorted, 0.025), Quantile(sorted, 0.975));
    }

    /// <summary>The quantile at share <paramref name="q"/> of rising values, linear between neighbours (type 7 of Hyndman and Fan 1996).</summary>
    internal static double Quantile(double[] sorted, double q)
    {
        double at = q * (sorted.Length - 1);
        int below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }

    // Always four lanes, whatever the processor has, so that every machine sums in the same order.
    private static double Dot(double[] left, double[] right)
    {
        ReadOnlySpan<Vector256<double>> left_4 = MemoryMarshal.Cast<double, Vector256<double>>(left);
        ReadOnlySpan<Vector256<double>> right_4 = MemoryMarshal.Cast<double, Vector256<double>>(right);
        Vector256<double> sums = Vector256<double>.Zero;
        for (int i = 0; i < left_4.Length; i++) sums += left_4[i] * right_4[i];
        double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]); // by hand: the order of Vector256.Sum is not promised to stay
        for (int i = left_4.Length * Vector256<double>.Count; i < left.Length; i++) sum += left[i] * right[i];
        return sum;
    }
}
