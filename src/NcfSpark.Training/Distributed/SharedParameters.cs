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
    private readonly TrainOptions options;
    private readonly bool half;
    private readonly Combination combination;

    /// <param name="weights">The shared weights, without users.</param>
    /// <param name="options">The options.</param>
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
    public static bool TravelsAsHalf(TrainOptions options) => options.Wire == "fp16" && options.Workers > 1;

    public static bool HasMomentum(TrainOptions options) => options.OuterStep == "nesterov" && options.Workers > 1;

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

    private TableRows[] Step()
    {
        var rows = Tables.Select(_ => new List<int>()).ToArray();
        var values = Tables.Select(_ => new List<float>()).ToArray();
        combination.Drain((table, row, change) =>
        {
            Span<float> weights = Tables[table].Row(row);
            int start = row * weights.Length;
            rows[table].Add(row);
            for (int c = 0; c < weights.Length; c++)
            {
                double step = change[c];
                if (HasMomentum(options))
                {
                    ref float momentum = ref Momentum[table][start + c];
                    momentum = (float)(options.OuterMomentum * momentum + change[c]);
                    step = options.OuterLearningRate * (change[c] + options.OuterMomentum * momentum);
                }

                if (half)
                {
                    float travels = (float)(Half)step; // server and workers add the same
                    weights[c] += travels;
                    values[table].Add(travels);
                }
                else
                {
                    weights[c] = (float)(weights[c] + step);
                    values[table].Add(weights[c]);
                }

                if (!float.IsFinite(weights[c])) throw new TrainingDivergedException($"The combined {Tables[table].Name} is not finite in row {row}. Training stopped and no model was written; lower Train:OuterLearningRate or Train:LearningRate.");
            }
        });
        return [.. rows.Zip(values, (of, with) => new TableRows([.. of], [.. with]))];
    }
}
