namespace NcfSpark.Kernels;

/// <summary>A row to update.</summary>
/// <param name="record">Its W | m | v.</param>
/// <param name="gradient">The sum of its samples' gradients, laid out as W.</param>
/// <param name="weight">The sum of its samples' weights.</param>
internal readonly unsafe struct RowUpdate(float* record, float* gradient, float weight)
{
    public float* Record { get; } = record;

    public float* Gradient { get; } = gradient;

    public float Weight { get; } = weight;
}
