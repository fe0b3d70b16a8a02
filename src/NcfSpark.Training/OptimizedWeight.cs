using NcfSpark.Model;

namespace NcfSpark.Training;

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
