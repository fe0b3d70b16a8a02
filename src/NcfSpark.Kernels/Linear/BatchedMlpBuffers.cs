namespace NcfSpark.Kernels;

/// <summary>
/// Inputs and outputs of a <see cref="BatchedMlp"/>: rows of 32 floats, one lane for each input. A lane keeps its
/// inputs until they are set again.
/// </summary>
public sealed unsafe class BatchedMlpBuffers : IDisposable
{
    /// <summary>Number of inputs computed at once.</summary>
    public const int Lanes = ItemBlock.Items;

    private readonly AlignedArray<float> floats;
    private readonly int outputs;

    internal BatchedMlpBuffers(int inputs, int width, int outputs)
    {
        this.outputs = outputs;
        floats = new((inputs + (long)WeightGroups.PaddedRows(width) + WeightGroups.PaddedRows(outputs)) * Lanes);
        X = floats.Start;
        Z = X + (nint)inputs * Lanes;
        Y = Z + (nint)WeightGroups.PaddedRows(width) * Lanes;
    }

    internal float* X { get; }

    internal float* Z { get; }

    internal float* Y { get; }

    /// <summary>Sets some of a lane's inputs, from <paramref name="start"/> on.</summary>
    public void Set(int lane, int start, ReadOnlySpan<float> values)
    {
        float* at = X + (nint)start * Lanes + lane;
        for (int k = 0; k < values.Length; k++, at += Lanes) *at = values[k];
    }

    /// <summary>Sets some of a lane's inputs to 0.</summary>
    public void Clear(int lane, int start, int count)
    {
        float* at = X + (nint)start * Lanes + lane;
        for (int k = 0; k < count; k++, at += Lanes) *at = 0;
    }

    /// <summary>Adds a lane's outputs to a vector.</summary>
    public void AddTo(int lane, Span<float> vector)
    {
        float* at = Y + lane;
        for (int n = 0; n < outputs; n++, at += Lanes) vector[n] += *at;
    }

    public void Dispose() => floats.Dispose();
}
