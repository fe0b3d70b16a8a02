using System.Numerics;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// What the parameter server holds: the weights that all workers share, and the outer step that makes the next version of a round's combined change d.
/// <code>
/// nesterov:  v = momentum · v + d,   w = w + rate · (d + momentum · v)      (DiLoCo, arXiv 2311.08105, whose outer gradient is -d)
/// average:   w = w + d
/// one worker: w = that worker's values, as they are
/// </code>
/// A row that nobody touched in a round stands still, and so does its momentum, as do Adam's moments in a step that does not touch a row: only touched
/// rows travel in either direction. Adam's moments of shared weights are each worker's own, as in DiLoCo, and never travel.
/// </summary>
internal sealed class SharedParameters
{
    private const int RowsAtOnce = 256;

    private readonly TrainOptions options;
    private readonly bool half;
    private readonly Combination combination;

    public SharedParameters(ModelWeights weights, TrainOptions options)
    {
        (Weights, this.options, half) = (weights, options, TravelsAsHalf(options));
        Tables = [.. weights.Shared];
        Momentum = [.. Tables.Select(weight => new float[HasMomentum(options) ? weight.Values.Length : 0])];
        combination = new Combination(Tables, options.Workers, half);
    }

    public ModelWeights Weights { get; }

    public IReadOnlyList<Weight> Tables { get; }

    /// <summary>By table; empty where the outer step has none.</summary>
    public float[][] Momentum { get; }

    /// <summary>Whether changes travel, in 16 bits. A single worker's values are taken as they are.</summary>
    public static bool TravelsAsHalf(TrainOptions options) => options.Server.WirePrecision == WirePrecision.Fp16 && options.Workers > 1;

    public static bool HasMomentum(TrainOptions options) => options.Server.OuterOptimizer == OuterOptimizer.Nesterov && options.Workers > 1;

    /// <summary>Whether a worker's push of this round is there.</summary>
    public bool Has(int worker) => combination.Has(worker);

    /// <summary>Takes a worker's push, in any order.</summary>
    /// <returns>Once all are there the rows that changed, as they travel to the workers; until then null.</returns>
    public TableRows[]? Take(int worker, long samples, TableRows[] push)
    {
        if (options.Workers == 1)
        {
            for (int t = 0; t < Tables.Count; t++) push[t].ApplyTo(Tables[t], half: false);
            return [.. Tables.Select(_ => TableRows.None)]; // the worker has them
        }

        combination.Add(worker, samples, push);
        return combination.IsWhole ? Step() : null;
    }

    // Rows are independent of one another, and all workers wait: each core takes some.
    private TableRows[] Step()
    {
        TableRows[] changed = [.. Tables.Select((weight, table) =>
        {
            int[] rows = combination.Touched(table);
            var values = new float[rows.Length * weight.Columns];
            OnAllCores((rows.Length + RowsAtOnce - 1) / RowsAtOnce,
                block => Step(table, rows, values, block * RowsAtOnce, Math.Min(rows.Length, (block + 1) * RowsAtOnce)));
            foreach (int row in rows)
            {
                if (Finite.IndexOfOther(weight.Row(row)) >= 0)
                {
                    throw new TrainingDivergedException($"The combined {weight.Name} is not finite in row {row}. Training stopped and no model was written; "
                        + "lower Train:Server:OuterLearningRate or Train:LearningRate.");
                }
            }

            return new TableRows(rows, values);
        })];
        combination.Begin();
        return changed;
    }

    // By threads of its own. The pool's may all be waiting for whoever calls this: the server is asked by them, one at a time.
    private static void OnAllCores(int count, Action<int> work)
    {
        int next = 0;
        void Take()
        {
            for (int one; (one = Interlocked.Increment(ref next) - 1) < count;) work(one);
        }

        Thread[] others = [.. Enumerable.Range(1, Math.Max(0, Math.Min(count, Environment.ProcessorCount) - 1))
            .Select(_ => new Thread(Take) { Name = "outer step", IsBackground = true })];
        foreach (Thread other in others) other.Start();
        Take();
        foreach (Thread other in others) other.Join();
    }

    private void Step(int table, int[] rows, float[] values, int from, int end)
    {
        int columns = Tables[table].Columns;
        double[] change = new double[columns];
        for (int r = from; r < end; r++)
        {
            combination.Take(table, rows[r], change);
            if (HasMomentum(options)) Accelerate(change, Momentum[table].AsSpan(rows[r] * columns, columns));
            Move(Tables[table].Row(rows[r]), change, values.AsSpan(r * columns, columns));
        }
    }

    // From a change to the outer step.
    private void Accelerate(Span<double> change, Span<float> momentum)
    {
        double kept = options.Server.OuterMomentum, rate = options.Server.OuterLearningRate;
        int c = 0;
        for (; c <= change.Length - Vector<float>.Count; c += Vector<float>.Count)
        {
            Span<double> second = change[(c + Vector<double>.Count)..];
            Vector<double> low = new(change[c..]), high = new(second);
            Vector.Widen(new Vector<float>(momentum[c..]), out Vector<double> lowMomentum, out Vector<double> highMomentum);
            Vector<float> moved = Vector.Narrow(kept * lowMomentum + low, kept * highMomentum + high);
            moved.CopyTo(momentum[c..]);
            Vector.Widen(moved, out lowMomentum, out highMomentum);
            (rate * (low + kept * lowMomentum)).CopyTo(change[c..]);
            (rate * (high + kept * highMomentum)).CopyTo(second);
        }

        for (; c < change.Length; c++)
        {
            momentum[c] = (float)(kept * momentum[c] + change[c]);
            change[c] = rate * (change[c] + kept * momentum[c]);
        }
    }

    // Sets what travels, and the weights to what the workers will have of it.
    private void Move(Span<float> weights, ReadOnlySpan<double> step, Span<float> travels)
    {
        for (int c = 0; c < weights.Length; c++)
        {
            if (half)
            {
                travels[c] = (float)(Half)step[c];
                weights[c] += travels[c];
            }
            else
            {
                travels[c] = weights[c] = (float)(weights[c] + step[c]);
            }
        }
    }
}
