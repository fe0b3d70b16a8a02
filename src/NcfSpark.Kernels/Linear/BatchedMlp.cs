using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>
/// A hidden layer and an output, y = V_2 relu(V_1 x + c_1) + c_2, for 32 inputs at once, one in each lane
/// (<see cref="BatchedGemm{S, V}"/>). A lane's output depends on its input alone. Set the layers first; after that any
/// number of threads may call it, each with its own buffers.
/// </summary>
public sealed unsafe class BatchedMlp : IDisposable
{
    private readonly int inputs, width, outputs;
    private readonly AlignedArray<float> hidden, output;
    private readonly SimdLevel level;

    /// <param name="inputs">Length of x.</param>
    /// <param name="width">Width of the hidden layer.</param>
    /// <param name="outputs">Length of y.</param>
    public BatchedMlp(int inputs, int width, int outputs, SimdLevel level)
    {
        (this.inputs, this.width, this.outputs, this.level) = (inputs, width, outputs, level);
        (hidden, output) = (new(WeightGroups.Size(width, inputs)), new(WeightGroups.Size(outputs, width)));
    }

    /// <summary>Sets row n of V_1 and of c_1.</summary>
    public void SetHidden(int n, ReadOnlySpan<float> weight, float bias) => WeightGroups.Set(hidden.Start, n, bias, weight);

    /// <summary>Sets row n of V_2 and of c_2.</summary>
    public void SetOutput(int n, ReadOnlySpan<float> weight, float bias) => WeightGroups.Set(output.Start, n, bias, weight);

    /// <summary>Buffers for 32 inputs and their outputs.</summary>
    public BatchedMlpBuffers NewBatch() => new(inputs, width, outputs);

    /// <summary>Computes the outputs of all 32 inputs.</summary>
    public void Apply(BatchedMlpBuffers batch)
    {
        switch (level)
        {
            case SimdLevel.Avx512: Apply<Simd512, Vector512<float>>(batch); break;
            case SimdLevel.Avx2: Apply<Simd256, Vector256<float>>(batch); break;
            default: Apply<Simd128, Vector128<float>>(batch); break;
        }
    }

    public void Dispose()
    {
        hidden.Dispose();
        output.Dispose();
    }

    private void Apply<S, V>(BatchedMlpBuffers batch)
        where S : ISimd<V>
        where V : struct
    {
        BatchedGemm<S, V>.Multiply<Relu>(batch.X, hidden.Start, batch.Z, inputs, width);
        BatchedGemm<S, V>.Multiply<Plain>(batch.Z, output.Start, batch.Y, width, outputs);
    }
}
