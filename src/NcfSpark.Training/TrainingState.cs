using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// All that training changes, so all that a checkpoint holds: weights, Adam's moments, and where training stands. Everything else follows from
/// the configuration and the data.
/// </summary>
internal sealed class TrainingState
{
    public TrainingState(ModelWeights weights)
    {
        Weights = weights;
        UserTables = [.. weights.UserTables.Select(table => new OptimizedWeight(table))];
        ItemTables = [.. weights.ItemTables.Select(table => new OptimizedWeight(table))];
        PartTables = [.. weights.PartTables.Select(table => new OptimizedWeight(table))];
        PoolTables = [.. weights.PoolTables.Select(table => new OptimizedWeight(table))];
        Dense = [.. weights.Dense.Select(weight => new OptimizedWeight(weight))];
    }

    public ModelWeights Weights { get; }

    public IReadOnlyList<OptimizedWeight> UserTables { get; }

    public IReadOnlyList<OptimizedWeight> ItemTables { get; }

    public IReadOnlyList<OptimizedWeight> PartTables { get; }

    public IReadOnlyList<OptimizedWeight> PoolTables { get; }

    public IReadOnlyList<OptimizedWeight> Dense { get; }

    public IEnumerable<OptimizedWeight> All => [.. UserTables, .. ItemTables, .. PartTables, .. PoolTables, .. Dense];

    /// <summary>What a model with interactions is trained on: no part of a checkpoint, since it follows from the data. null for other models.</summary>
    public InteractionMatrix? Interactions { get; init; }

    public TrainingPosition Position { get; set; } = new();
}

/// <summary>A weight with Adam's moments of each of its values.</summary>
internal sealed record OptimizedWeight(Weight Weight)
{
    public float[] FirstMoments { get; } = new float[Weight.Values.Length];

    public float[] SecondMoments { get; } = new float[Weight.Values.Length];

    /// <summary>Updates one row.</summary>
    public void Update(PartUpdate update, int row, ReadOnlySpan<float> gradients)
    {
        int start = row * Weight.Columns;
        update.Apply(Weight.Row(row), FirstMoments.AsSpan(start, Weight.Columns), SecondMoments.AsSpan(start, Weight.Columns), gradients);
    }
}
