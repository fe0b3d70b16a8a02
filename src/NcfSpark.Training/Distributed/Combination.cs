using System.Numerics;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// The workers' changes of one round, combined row by row:
/// <code>change of a row = Σ n_w · change by w / Σ n_w     over the workers w that touched the row, in their order; n_w samples of w's round</code>
/// A row that one worker touched so gets that worker's whole change, and the others do not shrink it. Sums are in double precision, in which n · change
/// is exact, so that holds to the bit.
/// Example: worker 0 (100 samples) changes rows 1 and 2 by .1 and .4, worker 1 (300 samples) row 2 by .8: row 1 changes by .1, row 2 by (40 + 240) / 400 = .7.
/// </summary>
/// <param name="shared">The shared weights as all workers had them when the round began.</param>
/// <param name="half">Whether pushes hold changes rather than values.</param>
internal sealed class Combination(IReadOnlyList<Weight> shared, int workers, bool half)
{
    private readonly double[][] sums = [.. shared.Select(weight => new double[weight.Values.Length])];
    private readonly double[][] samplesOf = [.. shared.Select(weight => new double[weight.Rows])]; // of the workers that touched the row
    private readonly (long Samples, TableRows[] Push)?[] early = new (long, TableRows[])?[workers];
    private int next;

    /// <summary>Whether all workers' changes are in it.</summary>
    public bool IsWhole => next == workers;

    /// <summary>Whether a worker's changes were given.</summary>
    public bool Has(int worker) => worker < next || early[worker] is not null;

    /// <summary>Adds a worker's changes. They may come in any order: who is before their turn waits for it.</summary>
    public void Add(int worker, long samples, TableRows[] push)
    {
        early[worker] = (samples, push);
        for (; next < workers && early[next] is { } turn; next++)
        {
            for (int t = 0; t < shared.Count; t++) Add(t, turn.Samples, turn.Push[t]);
            early[next] = null;
        }
    }

    /// <summary>The rows of a table that anybody touched, rising.</summary>
    public int[] Touched(int table)
    {
        double[] samples = samplesOf[table];
        var rows = new List<int>(samples.Length);
        for (int row = 0; row < samples.Length; row++)
        {
            if (samples[row] > 0) rows.Add(row);
        }

        return [.. rows];
    }

    /// <summary>
    /// Takes the combined change of a row that was touched, and so leaves it clean for the next round. Several threads
    /// may take rows of their own.
    /// </summary>
    public void Take(int table, int row, Span<double> change)
    {
        int columns = shared[table].Columns;
        Span<double> sum = sums[table].AsSpan(row * columns, columns);
        double samples = samplesOf[table][row];
        for (int c = 0; c < columns; c++) change[c] = sum[c] / samples;
        sum.Clear();
        samplesOf[table][row] = 0;
    }

    /// <summary>Begins the next round, once all rows are taken.</summary>
    public void Begin() => next = 0;

    private void Add(int table, long samples, TableRows push)
    {
        Weight weight = shared[table];
        int columns = weight.Columns;
        for (int r = 0; r < push.Rows.Length; r++)
        {
            int row = push.Rows[r];
            ReadOnlySpan<float> values = push.Values.AsSpan(r * columns, columns), before = weight.Row(row);
            Span<double> sum = sums[table].AsSpan(row * columns, columns);
            if (half) AddChanges(sum, samples, values);
            else AddDifferences(sum, samples, values, before);
            samplesOf[table][row] += samples;
        }
    }

    // Products of counts and changes are exact in double precision, so whether a processor fuses them with the sum is all the same.
    private static void AddChanges(Span<double> sum, double samples, ReadOnlySpan<float> changes)
    {
        int c = 0;
        for (; c <= sum.Length - Vector<float>.Count; c += Vector<float>.Count) Add(sum[c..], samples, new Vector<float>(changes[c..]));
        for (; c < sum.Length; c++) sum[c] += samples * changes[c];
    }

    private static void AddDifferences(Span<double> sum, double samples, ReadOnlySpan<float> values, ReadOnlySpan<float> before)
    {
        int c = 0;
        for (; c <= sum.Length - Vector<float>.Count; c += Vector<float>.Count)
        {
            Add(sum[c..], samples, new Vector<float>(values[c..]) - new Vector<float>(before[c..]));
        }

        for (; c < sum.Length; c++) sum[c] += samples * (double)(values[c] - before[c]);
    }

    private static void Add(Span<double> sum, double samples, Vector<float> changes)
    {
        Vector.Widen(changes, out Vector<double> low, out Vector<double> high);
        Span<double> second = sum[Vector<double>.Count..];
        (new Vector<double>(sum) + samples * low).CopyTo(sum);
        (new Vector<double>(second) + samples * high).CopyTo(second);
    }
}
