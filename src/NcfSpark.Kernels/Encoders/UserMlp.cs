using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The MLP of the user encoder, for G users at once. Widths are padded: x [G, inputs], z [G, hidden], u [G, width].
/// <code>
/// z = drop(relu(V_1 x + c_1))     u += V_2 z + c_2
/// dz = z > 0 ? V_2ᵀ du · scale : 0     dx = V_1ᵀ dz     dV_2 = Σ du zᵀ     dc_2 = Σ du     dV_1 = Σ dz xᵀ     dc_1 = Σ dz
/// </code>
/// </summary>
internal static unsafe class UserMlp<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Forward(in EncoderRows rows)
    {
        UserHistoryEncoder encoder = rows.Encoder;
        DenseBlock dense = encoder.Dense;
        (DenseLayer first, DenseLayer second, int count) = (encoder.HiddenLayer, encoder.OutputLayer, (rows.Count + 7) & ~7); // rows beyond G are not used
        PrefetchList none = default;
        var hidden = new MatrixProduct
        {
            A = rows.Inputs, ARow = first.Inputs, ATerm = 1,
            B = dense.Transposed + first.Transposed, BTerm = first.Outputs,
            C = rows.Hidden, CRow = first.Outputs, Start = dense.Weights + first.Bias,
            Rows = count, Terms = first.Inputs, Columns = first.Outputs,
        };
        BlockedGemm<S, V>.Multiply<Relu>(in hidden, ref none);
        if (encoder.Shape.Dropout > 0) Drop(in rows);
        AddBias(rows.Users, dense.Weights + second.Bias, rows.Count, second.Outputs);
        var output = new MatrixProduct
        {
            A = rows.Hidden, ARow = second.Inputs, ATerm = 1,
            B = dense.Transposed + second.Transposed, BTerm = second.Outputs,
            C = rows.Users, CRow = second.Outputs, Start = rows.Users, StartRow = second.Outputs,
            Rows = count, Terms = second.Inputs, Columns = second.Outputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in output, ref none);
    }

    public static void Backward(in EncoderRows rows)
    {
        UserHistoryEncoder encoder = rows.Encoder;
        DenseBlock dense = encoder.Dense;
        (DenseLayer first, DenseLayer second, int count) = (encoder.HiddenLayer, encoder.OutputLayer, (rows.Count + 7) & ~7);
        float* ofFirst = rows.DenseGradient + first.Weight, ofSecond = rows.DenseGradient + second.Weight;
        PrefetchList none = default;
        var towardsHidden = new MatrixProduct
        {
            A = rows.UserGradients, ARow = second.Outputs, ATerm = 1,
            B = dense.Weights + second.Weight, BTerm = second.Inputs,
            C = rows.HiddenGradients, CRow = second.Inputs, Start = dense.Zeros,
            Gate = rows.Hidden, GateRow = second.Inputs, Scale = DropoutHash.KeptScale(encoder.Shape.Dropout),
            Rows = count, Terms = second.Outputs, Columns = second.Inputs,
        };
        BlockedGemm<S, V>.Multiply<WherePositive>(in towardsHidden, ref none);
        var towardsInputs = new MatrixProduct
        {
            A = rows.HiddenGradients, ARow = first.Outputs, ATerm = 1,
            B = dense.Weights + first.Weight, BTerm = first.Inputs,
            C = rows.InputGradients, CRow = first.Inputs, Start = dense.Zeros,
            Rows = count, Terms = first.Outputs, Columns = first.Inputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in towardsInputs, ref none);
        var ofOutput = new MatrixProduct
        {
            A = rows.UserGradients, ARow = 1, ATerm = second.Outputs,
            B = rows.Hidden, BTerm = second.Inputs,
            C = ofSecond, CRow = second.Inputs, Start = rows.First ? dense.Zeros : ofSecond, StartRow = rows.First ? 0 : second.Inputs,
            Rows = second.Outputs, Terms = rows.Count, Columns = second.Inputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in ofOutput, ref none);
        var ofHidden = new MatrixProduct
        {
            A = rows.HiddenGradients, ARow = 1, ATerm = first.Outputs,
            B = rows.Inputs, BTerm = first.Inputs,
            C = ofFirst, CRow = first.Inputs, Start = rows.First ? dense.Zeros : ofFirst, StartRow = rows.First ? 0 : first.Inputs,
            Rows = first.Outputs, Terms = rows.Count, Columns = first.Inputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in ofHidden, ref none);
        SumRows(rows.UserGradients, rows.Count, second.Outputs, rows.DenseGradient + second.Bias, rows.First);
        SumRows(rows.HiddenGradients, rows.Count, first.Outputs, rows.DenseGradient + first.Bias, rows.First);
        AddPast(rows.UserGradients, rows.InputGradients + encoder.Lags * encoder.Width, rows.Count, encoder.Width, encoder.Inputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Drop(in EncoderRows rows)
    {
        int hidden = rows.Encoder.Hidden;
        uint perGroup = (uint)DropoutHash.HashCount(hidden);
        var dropout = new Dropout<S, V>(rows.Encoder.Shape.Dropout, rows.DropoutKey);
        float* z = rows.Hidden;
        for (int g = 0; g < rows.Count; g++, z += hidden) dropout.Apply(z, hidden, (uint)rows.Groups[g] * perGroup);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddBias(float* rows, float* bias, int count, int width)
    {
        for (int g = 0; g < count; g++, rows += width)
        {
            for (int k = 0; k < width; k += S.Lanes) S.Store(S.Add(S.Load(rows + k), S.Load(bias + k)), rows + k);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SumRows(float* rows, int count, int width, float* sums, bool first)
    {
        for (int k = 0; k < width; k += S.Lanes)
        {
            V sum = first ? default : S.Load(sums + k);
            for (int g = 0; g < count; g++) sum = S.Add(sum, S.Load(rows + (long)g * width + k));
            S.Store(sum, sums + k);
        }
    }

    // Adds the gradient that reaches h and p directly, not through the MLP.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddPast(float* du, float* dx, int count, int width, int inputs)
    {
        for (int g = 0; g < count; g++, du += width, dx += inputs)
        {
            for (int k = 0; k < width; k += S.Lanes)
            {
                V d = S.Load(du + k);
                S.Store(S.Add(S.Load(dx + k), d), dx + k);
                S.Store(S.Add(S.Load(dx + width + k), d), dx + width + k);
            }
        }
    }
}
