namespace NcfSpark.Kernels;

/// <summary>
/// The dense block of a model (<see cref="PackedLayout"/>): its weights and moments, its layers once more transposed,
/// and a gradient for each chunk of a batch.
/// </summary>
internal sealed unsafe class DenseBlock : IDisposable
{
    private readonly AlignedArray<float> values, transposed, chunkGradients, zeros;

    /// <param name="chunks">Chunks of a batch, at most.</param>
    public DenseBlock(PackedLayout layout, int chunks)
    {
        Layout = layout;
        (values, transposed, chunkGradients) = (new(3L * layout.DenseSize), new(layout.TransposedSize), new((long)chunks * layout.DenseSize));
        zeros = new(layout.AllLayers.Select(layer => Math.Max(layer.Inputs, layer.Outputs)).Append(Math.Max(layout.RowWidth, Tile.Samples)).Max());
    }

    public PackedLayout Layout { get; }

    public float* Weights => values.Start;

    public float* FirstMoments => values.Start + Layout.DenseSize;

    public float* SecondMoments => values.Start + 2L * Layout.DenseSize;

    public float* Transposed => transposed.Start;

    /// <summary>As many zeros as the widest row or layer.</summary>
    public float* Zeros => zeros.Start;

    public float* ChunkGradient(int chunk) => chunkGradients.Start + (long)chunk * Layout.DenseSize;

    public void AddTo(ParameterTables tables)
    {
        NetworkShape shape = Layout.Shape;
        for (int l = 0; l < Layout.Layers.Length; l++)
        {
            (DenseLayer layer, int outputs) = (Layout.Layers[l], shape.Layers[l]);
            PackedMatrix[] weight = l == 0 ? Halves(layer.Weight, outputs, 0) : [Matrix(layer.Weight, layer.Inputs, outputs, shape.Layers[l - 1])];
            tables.Add(ModelPart.MlpWeight, weight, l, () => Transpose(layer));
            tables.Add(ModelPart.MlpBias, [Matrix(layer.Bias, 0, 1, outputs)], l);
        }

        if (Layout.UserLayers is [var hidden, var output])
        {
            UserHistoryShape history = shape.History!;
            tables.Add(ModelPart.UserLayerWeight, UserInputs(hidden, history), 0, () => Transpose(hidden));
            tables.Add(ModelPart.UserLayerBias, [Matrix(hidden.Bias, 0, 1, history.Hidden)], 0);
            tables.Add(ModelPart.UserLayerWeight, [Matrix(output.Weight, output.Inputs, shape.GmfSize, history.Hidden)], 1, () => Transpose(output));
            tables.Add(ModelPart.UserLayerBias, [Matrix(output.Bias, 0, 1, shape.GmfSize)], 1);
        }

        tables.Add(ModelPart.HeadWeight, Head());
        tables.Add(ModelPart.HeadBias, [Matrix(Layout.HeadBiasStart, 0, 1, 1)]);
    }

    public void Dispose()
    {
        foreach (AlignedArray<float> one in new[] { values, transposed, chunkGradients, zeros }) one.Dispose();
    }

    private PackedMatrix Matrix(int start, int rowStep, int rows, int columns) => new(Weights + start, rowStep, Layout.DenseSize, rows, columns);

    // A matrix that reads the MLP's input: its two halves (user, item) are padded separately.
    private PackedMatrix[] Halves(int start, int rows, int plainStart)
    {
        int size = Layout.Shape.MlpSize, stride = plainStart + 2 * size;
        return [.. Enumerable.Range(0, 2).Select(side => new PackedMatrix(
            Weights + start + side * Layout.MlpWidth, Layout.Widths[0], Layout.DenseSize, rows, size, plainStart + side * size, stride))];
    }

    // The inputs of V_1 are padded one by one.
    private PackedMatrix[] UserInputs(DenseLayer layer, UserHistoryShape history)
    {
        int size = Layout.Shape.GmfSize, parts = history.Lags + 2, columns = parts * size + history.TemporalFeatureCount;
        return [.. Enumerable.Range(0, parts + 1).Select(part => new PackedMatrix(
            Weights + layer.Weight + part * Layout.GmfWidth, layer.Inputs, Layout.DenseSize, history.Hidden,
            part < parts ? size : history.TemporalFeatureCount, part * size, columns))];
    }

    private PackedMatrix[] Head()
    {
        int gmf = Layout.Shape.GmfSize, last = Layout.Shape.Layers.Count == 0 ? 0 : Layout.Shape.Layers[^1];
        var first = new PackedMatrix(Weights, 0, Layout.DenseSize, 1, gmf, 0, gmf + last);
        if (Layout.MlpWidth > 0 && last == 0) return [first, .. Halves(Layout.HeadMlpStart, 1, gmf)];
        return [first, new(Weights + Layout.HeadMlpStart, 0, Layout.DenseSize, 1, last, gmf, gmf + last)];
    }

    private void Transpose(DenseLayer layer)
    {
        float* weights = Weights + layer.Weight, target = Transposed + layer.Transposed;
        for (int n = 0; n < layer.Outputs; n++)
        {
            for (int k = 0; k < layer.Inputs; k++) target[(long)k * layer.Outputs + n] = weights[(long)n * layer.Inputs + k];
        }
    }
}
